import type { DashboardState } from '../../../state.js';
import { h, setChildren } from './dom.js';

/** A control with its label. */
export function field(label: string, control: HTMLElement): HTMLElement {
  return h('label', { class: 'field' }, h('span', { class: 'field-label', text: label }), control);
}

/** An input for a key, a tag or a pattern: no browser corrects or completes it. */
export function nameInput(): HTMLInputElement {
  return h('input', {
    class: 'input mono',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
  });
}

/** An input for namespaces. */
export function namespacesInput(): HTMLInputElement {
  return h('input', {
    class: 'input mono',
    placeholder: 'optional',
    title: 'From the outer one to the inner one, with commas',
    autocomplete: 'off',
    spellcheck: 'false',
  });
}

/** A choice among the caches. */
export function cacheField() {
  const element = h('select', { class: 'select' });
  let wanted = '';
  return {
    element,
    value: () => element.value,
    set(cache: string) {
      wanted = cache;
      if (cache !== '') element.value = cache;
    },
    update(state: DashboardState | null) {
      const names = state?.summary.caches.map(({ name }) => name) ?? [];
      if (names.join('\n') === [...element.options].map(({ value }) => value).join('\n')) return;
      const chosen = wanted === '' ? element.value : wanted;
      setChildren(
        element,
        names.map((name) => h('option', { value: name, text: name })),
      );
      if (names.includes(chosen)) element.value = chosen;
    },
  };
}
