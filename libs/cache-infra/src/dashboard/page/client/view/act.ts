import type { DashboardTarget } from '../../../state.js';
import { outcome, targetKinds, targetOf, textOfTarget, type TargetKind } from '../model/targets.js';
import { invalidate, preview } from '../net/api.js';
import { confirmation } from './confirmation.js';
import { cacheField, field, nameInput, namespacesInput } from './fields.js';
import { h, newId, setAttribute, setText, show } from './dom.js';
import type { Page, View } from './page.js';

const kinds: readonly TargetKind[] = ['key', 'tag', 'group', 'pattern'];

/**
 * The form of invalidations: nothing happens before a preview and a confirmation. `onDone` is called after an
 * invalidation.
 */
export function act(onDone: () => void): View & { aim(target: DashboardTarget): void } {
  const id = newId();
  const cache = cacheField();
  const text = nameInput();
  const namespaces = namespacesInput();
  const label = h('span', { text: 'Key' });
  const inputs = kinds.map((kind) => {
    const input = h('input', {
      type: 'radio',
      name: 'kind',
      value: kind,
      class: 'sr',
      checked: kind === 'key',
    });
    input.addEventListener('change', () => choose(kind));
    return { kind, input };
  });
  const button = h('button', { class: 'button', type: 'submit', text: 'Preview …' });
  const said = h('p', { class: 'said', role: 'status' });
  const form = h(
    'form',
    { class: 'form' },
    h(
      'fieldset',
      { class: 'segments' },
      h('legend', { class: 'sr', text: 'Kind' }),
      ...inputs.map(({ kind, input }) =>
        h('label', { class: 'segment' }, input, h('span', { text: targetKinds[kind].label })),
      ),
    ),
    h('div', { class: 'form-row' }, field('Cache', cache.element), field('Namespaces', namespaces)),
    h(
      'div',
      { class: 'form-end' },
      h('label', { class: 'field' }, h('span', { class: 'field-label' }, label), text),
      button,
    ),
  );
  const refusal = h('p', { class: 'hint' });
  const dialog = confirmation();
  const element = h(
    'section',
    { class: 'act card', 'aria-labelledby': id },
    h('h2', { id, class: 'question', text: 'Invalidate' }),
    form,
    refusal,
    said,
    dialog.element,
  );
  let kind: TargetKind = 'key';

  function choose(next: TargetKind): void {
    kind = next;
    for (const each of inputs) each.input.checked = each.kind === next;
    setText(label, targetKinds[next].label);
    setAttribute(text, 'placeholder', targetKinds[next].example);
  }

  async function run(target: DashboardTarget): Promise<void> {
    button.disabled = true;
    try {
      const isConfirmed = await dialog.ask(target, await preview(target));
      if (!isConfirmed) return;
      say(outcome(target, (await invalidate(target)).removed), 'good');
      onDone();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), 'bad');
    } finally {
      button.disabled = false;
    }
  }

  function say(words: string, mood: 'good' | 'bad'): void {
    setAttribute(said, 'data-mood', mood);
    setText(said, words);
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    setText(said, '');
    const names = namespaces.value.split(',').map((name) => name.trim());
    const target = targetOf(
      kind,
      cache.value(),
      text.value,
      names.filter((name) => name !== ''),
    );
    void run(target);
  });
  choose('key');

  return {
    element,
    aim(target) {
      choose(target.kind);
      cache.set(target.cache);
      text.value = textOfTarget(target);
      namespaces.value = (target.namespaces ?? []).join(', ');
      element.scrollIntoView({ block: 'nearest' });
      (form.hidden ? element : text).focus();
    },
    update({ state }: Page) {
      cache.update(state);
      const isReadOnly = state?.rights.readOnly ?? true;
      show(form, !isReadOnly);
      show(refusal, isReadOnly && state !== null);
      setText(refusal, refusalOf(state?.source ?? 'application'));
    },
  };
}

function refusalOf(source: 'application' | 'redis'): string {
  return source === 'redis'
    ? 'This page reads what the instances publish in Redis, and changes nothing. The page of an application can.'
    : 'This page is read-only. CacheDashboardModule.forRoot({ readOnly: false }) with a guard lets it invalidate ' +
        'keys, tags, groups and patterns.';
}
