import type { DashboardState, KeyState } from '../../../state.js';
import { tierAnswers, type TierAnswer } from '../model/key-facts.js';
import type { Place } from '../model/place.js';
import { getKey } from '../net/api.js';
import { cacheField, field, nameInput, namespacesInput } from './fields.js';
import { h, newId, setText, show } from './dom.js';
import type { Actions, Page, View } from './page.js';

type Key = NonNullable<Place['key']>;
type Source = DashboardState['source'];

/** How the value of an entry can be shown. */
const hidden: Readonly<Record<Source, string>> = {
  application: 'The value is not shown: `showValues: true` of CacheDashboardModule allows it.',
  redis: 'The value is not shown: `dashboard --values` allows it.',
};

/** A form that shows what both tiers hold under a key. */
export function lookUp(actions: Actions): View & { refresh(): void } {
  const id = newId();
  const cache = cacheField();
  const key = nameInput();
  const namespaces = namespacesInput();
  const button = h('button', { class: 'button', type: 'submit', text: 'Look up' });
  const result = h('div', { class: 'result' });
  const status = h('p', { class: 'sr', role: 'status' });
  const hint = h('p', { class: 'hint' });
  setText(
    hint,
    'A click on one of the top keys fills this in. The key is what your code passes to the cache.',
  );
  const form = h(
    'form',
    { class: 'form' },
    h('div', { class: 'form-row' }, field('Cache', cache.element), field('Namespaces', namespaces)),
    h('div', { class: 'form-end' }, field('Key', key), button),
  );
  const element = h(
    'section',
    { class: 'look card', 'aria-labelledby': id },
    h('h2', { id, class: 'question', text: 'What about this key?' }),
    form,
    hint,
    result,
    status,
  );
  let shown: Key | null = null;
  let isReadOnly = true;
  let source: Source = 'application';
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const names = namespaces.value.split(',').map((name) => name.trim());
    shown = null;
    actions.look({ cache: cache.value(), key: key.value, namespaces: names.filter((name) => name !== '') });
  });

  async function ask(next: Key): Promise<void> {
    shown = next;
    cache.set(next.cache);
    key.value = next.key;
    namespaces.value = next.namespaces.join(', ');
    button.disabled = true;
    const of = next.cache === '' ? cache.value() : next.cache;
    const answer = await getKey({ ...next, cache: of }).catch((error: unknown) => error as Error);
    button.disabled = false;
    if (shown !== next) return;
    setText(status, answer instanceof Error ? answer.message : statusOf(answer, source));
    if (answer instanceof Error) result.replaceChildren(h('p', { class: 'problem', text: answer.message }));
    else result.replaceChildren(...resultOf(answer, source, isReadOnly ? null : actions));
  }

  return {
    element,
    refresh() {
      if (shown !== null) void ask(shown);
    },
    update({ state, place }: Page) {
      cache.update(state);
      isReadOnly = state?.rights.readOnly ?? true;
      source = state?.source ?? source;
      show(hint, place.key === null);
      if (state !== null && place.key !== null && place.key !== shown) void ask(place.key);
    },
  };
}

function statusOf(state: KeyState, source: Source): string {
  const answers = tierAnswers(state, source, Date.now()).map(({ title, text }) => `${title}: ${text}`);
  return `${state.key}. ${answers.join(', ')}`;
}

function resultOf(state: KeyState, source: Source, actions: Actions | null): readonly HTMLElement[] {
  const { cache, key, namespaces } = state;
  const tags = state.l2?.kind === 'entry' ? state.l2.tags : [];
  return [
    h('p', { class: 'result-key mono', dir: 'auto', text: [...namespaces, key].join(' › ') }),
    h('div', { class: 'tiers' }, ...tierAnswers(state, source, Date.now()).map(tierCard)),
    ...(tags.length === 0
      ? []
      : [h('p', { class: 'tags' }, ...tags.map((tag) => tagChip(tag, state, actions)))]),
    valueOf(state, source),
    ...(actions === null
      ? []
      : [
          h('button', {
            ...{ class: 'button button-quiet', type: 'button', text: 'Invalidate this key …' },
            on: { click: () => actions.aim({ kind: 'key', cache, namespaces, key }) },
          }),
        ]),
  ];
}

function tierCard({ tier, title, text, mood, facts }: TierAnswer): HTMLElement {
  return h(
    'div',
    { class: 'tier', 'data-tier': tier },
    h('h3', { class: 'tier-title', text: title }),
    h('p', { class: 'tier-state', 'data-mood': mood, text }),
    h(
      'dl',
      {},
      ...facts.map(([name, value]) => h('div', {}, h('dt', { text: name }), h('dd', { text: value }))),
    ),
  );
}

function tagChip(tag: string, { cache, namespaces }: KeyState, actions: Actions | null): HTMLElement {
  if (actions === null) return h('span', { class: 'chip mono', dir: 'auto', text: tag });
  const click = () => actions.aim({ kind: 'tag', cache, namespaces, tag });
  const title = `Invalidate the tag ${tag}`;
  return h('button', { class: 'chip mono', type: 'button', dir: 'auto', text: tag, title, on: { click } });
}

function valueOf({ value, l2 }: KeyState, source: Source): HTMLElement {
  if (value !== null)
    return h('pre', {
      class: 'value mono',
      dir: 'auto',
      tabindex: 0,
      role: 'region',
      'aria-label': 'Value',
      text: value,
    });
  return h('p', { class: 'hint', text: l2?.kind === 'entry' ? hidden[source] : '' });
}
