import { combine } from '../model/combine.js';
import { marks, toldEvents } from '../model/events.js';
import { Crosshair, frame } from './chart/frame.js';
import { latencyDrawing } from './chart/latencies.js';
import { tiersDrawing } from './chart/tiers.js';
import { h } from './dom.js';
import type { Page, View } from './page.js';

type Unit = 'share' | 'rate';

/** The curves: what answered, and how fast. */
export function charts(): View {
  const crosshair = new Crosshair();
  let unit: Unit = 'share';
  let last: Page | undefined;
  const toggle = unitSwitch((next) => {
    unit = next;
    if (last !== undefined) update(last);
  });
  const tiers = frame('Answered by', crosshair, toggle);
  const latencies = frame('Median time to answer', crosshair);
  const element = h('div', { class: 'charts' }, tiers.element, latencies.element);

  function update(page: Page): void {
    last = page;
    const { state, place } = page;
    if (state === null) return;
    const { caches, endsAt, stepSeconds } = state.summary.windows[place.window];
    const isShown = (name: string) => place.cache === null || name === place.cache;
    const all = combine(caches.filter(({ cache }) => isShown(cache))) ?? combine(caches);
    element.hidden = all === undefined;
    if (all === undefined) return;
    const times = { endsAt, stepSeconds };
    const from = endsAt - all.series.misses.length * stepSeconds * 1000;
    const events = toldEvents(state.summary.caches.filter(({ name }) => isShown(name)));
    const flags = marks(events, { from, to: endsAt });
    const hasRedis = state.summary.caches.some(({ name, kind }) => kind === 'redis' && isShown(name));
    tiers.show(tiersDrawing(all, times, flags, { unit, hasRedis }));
    latencies.show(latencyDrawing(all, times, flags));
  }
  return { element, update };
}

function unitSwitch(choose: (unit: Unit) => void): HTMLElement {
  const choice = (value: Unit, text: string) => {
    const input = h('input', { type: 'radio', name: 'unit', value, class: 'sr', checked: value === 'share' });
    input.addEventListener('change', () => choose(value));
    return h('label', { class: 'segment' }, input, h('span', { text }));
  };
  return h(
    'fieldset',
    { class: 'segments segments-small' },
    h('legend', { class: 'sr', text: 'Unit' }),
    choice('share', 'share'),
    choice('rate', 'reads/s'),
  );
}
