import { cachesOf, toldEvents, type ToldEvent } from '../model/events.js';
import { ago, clock, count } from '../model/format.js';
import { h, newId, setAttribute, setChildren, setText, show } from './dom.js';
import type { Page, View } from './page.js';

const atFirst = 6;

/** Changes of state, newest first. */
export function events(): View {
  const id = newId();
  const list = h('ol', { class: 'timeline' });
  const quiet = h('p', {
    class: 'hint',
    text: 'Nothing has happened since the start: no outage, no lost channel.',
  });
  const more = h('button', { class: 'more', type: 'button', hidden: true });
  let known = new Map<string, ReturnType<typeof eventItem>>();
  let isWhole = false;
  let last: Page | undefined;
  more.addEventListener('click', () => {
    isWhole = !isWhole;
    if (last !== undefined) update(last);
  });
  const element = h(
    'section',
    { class: 'events card', 'aria-labelledby': id },
    h('h2', { id, class: 'question', text: 'Recent events' }),
    quiet,
    list,
    more,
  );

  function update(page: Page): void {
    last = page;
    const { state } = page;
    const all = toldEvents(state?.summary.caches ?? []);
    const shown = all.slice(0, isWhole ? all.length : atFirst);
    const items = shown.map((each) => {
      const key = `${String(each.at)} ${each.caches.join(' ')} ${each.event}`;
      const item = known.get(key) ?? eventItem(each);
      item.update(state?.at ?? each.at);
      return [key, item] as const;
    });
    known = new Map(items);
    setChildren(
      list,
      items.map(([, item]) => item.element),
    );
    show(quiet, state !== null && all.length === 0);
    show(more, all.length > atFirst);
    setText(more, isWhole ? 'Show fewer' : `Show all ${count(all.length)}`);
  }
  return { element, update };
}

function eventItem(event: ToldEvent) {
  const { at, text, mood } = event;
  const time = h('time', { datetime: new Date(at).toISOString(), title: new Date(at).toLocaleString() });
  const element = h(
    'li',
    { class: 'event', 'data-mood': mood },
    h('p', { class: 'event-text' }, h('bdi', { class: 'mono', text: cachesOf(event) }), `: ${text}`),
    h('p', { class: 'event-time' }, time),
  );
  return {
    element,
    update(now: number) {
      setText(time, `${clock(at)} · ${ago(at, now)}`);
      setAttribute(element, 'data-new', now - at < 10_000);
    },
  };
}
