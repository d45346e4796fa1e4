import { aiBenefit, originLoad, readTimes } from '../model/benefit.js';
import { combine, readsOf, type Combined } from '../model/combine.js';
import {
  count,
  counted,
  duration,
  latency,
  money,
  none,
  percent,
  perSecond,
  short,
} from '../model/format.js';
import { windowSteps, type WindowName } from '../../../../monitoring/windows/window-report.js';
import { h, newId, setAttribute, setBar, setText, show } from './dom.js';
import type { Actions, Page, View } from './page.js';

const windowWords: Readonly<Record<WindowName, string>> = {
  '1m': 'in the last minute',
  '5m': 'in the last 5 minutes',
  '1h': 'in the last hour',
  '24h': 'in the last 24 hours',
};

/** Four numbers in words: does it help? */
export function benefit({ go }: Actions): View {
  const id = newId();
  const when = h('span', { class: 'when' });
  const all = h('button', {
    class: 'chip',
    type: 'button',
    hidden: true,
    on: { click: () => go({ cache: null }) },
  });
  const ratio = figure('Hit ratio', 3);
  const origin = figure('Origin asked', 1);
  const time = figure('A read takes', 1);
  const last = figure('AI saved', 1);
  const element = h(
    'section',
    { class: 'benefit', 'aria-labelledby': id },
    h('h2', { id, class: 'question' }, h('span', { text: 'Does it help?' }), when, all),
    h('div', { class: 'figures' }, ratio.element, origin.element, time.element, last.element),
  );
  return {
    element,
    update({ state, place }: Page) {
      if (state === null) return;
      const report = state.summary.windows[place.window];
      const caches = report.caches.filter(({ cache }) => place.cache === null || cache === place.cache);
      const one = combine(caches);
      show(all, place.cache !== null);
      setText(all, `${place.cache ?? ''} ×`);
      setAttribute(all, 'aria-label', `${place.cache ?? ''} alone. Show all caches`);
      setText(when, windowWords[place.window]);
      const hasRedis = state.summary.caches.some(({ kind }) => kind === 'redis');
      showRatio(ratio, one, hasRedis);
      showOrigin(origin, one);
      showTime(time, one);
      const ai = aiBenefit(state.summary.ai);
      if (ai === undefined) showTraffic(last, one, place.window);
      else showAi(last, ai);
    },
  };
}

type Figure = ReturnType<typeof figure>;

function figure(name: string, parts: number) {
  const label = h('h3', { class: 'figure-label', text: name });
  const value = h('span', { class: 'figure-value' });
  const unit = h('span', { class: 'figure-unit' });
  const note = h('p', { class: 'figure-note' });
  const bars = Array.from({ length: parts }, (_, i) => h('span', { class: `part part-${String(i)}` }));
  const bar = h('div', { class: 'figure-bar', 'aria-hidden': 'true' }, ...bars);
  const element = h(
    'article',
    { class: 'figure' },
    label,
    h('p', { class: 'figure-line' }, value, unit),
    bar,
    note,
  );
  return {
    element,
    show(shown: { label?: string; value: string; unit?: string; note: string; bars?: readonly number[] }) {
      setText(label, shown.label ?? name);
      setText(value, shown.value);
      setText(unit, shown.unit ?? '');
      setText(note, shown.note);
      show(bar, shown.bars !== undefined);
      bars.forEach((part, i) => {
        setBar(part, shown.bars?.[i] ?? 0);
        show(part, (shown.bars?.[i] ?? 0) > 0);
      });
    },
  };
}

function showRatio(target: Figure, all: Combined | undefined, hasRedis: boolean): void {
  const reads = all === undefined ? 0 : readsOf(all.counts);
  if (all === undefined || reads === 0) {
    target.show({ value: none, note: 'No read in this window.' });
    return;
  }
  const { l1Hits, l2Hits, misses } = all.counts;
  const parts = [l1Hits / reads, l2Hits / reads, misses / reads];
  const [l1 = 0, l2 = 0, miss = 0] = parts;
  target.show({
    value: percent(all.hitRatio),
    note: `L1 ${percent(l1)}, ${hasRedis ? `Redis ${percent(l2)}, ` : ''}missed ${percent(miss)}`,
    bars: parts,
  });
}

function showOrigin(target: Figure, all: Combined | undefined): void {
  const load = all === undefined ? undefined : originLoad(all);
  if (load?.spared === undefined || load.spared === null) {
    target.show({ value: none, note: 'Every hit is a query that your database does not see.' });
    return;
  }
  target.show({
    value: count(load.asked),
    unit: load.asked === 1 ? 'time' : 'times',
    note: `instead of ${count(load.without)}: ${percent(load.spared)} of its work is spared`,
    bars: [load.asked / load.without],
  });
}

function showTime(target: Figure, all: Combined | undefined): void {
  const times = all === undefined ? undefined : readTimes(all);
  if (times?.withMs === undefined || times.withMs === null) {
    target.show({ value: none, note: 'Latencies appear with the first calls that are timed.' });
    return;
  }
  const [value = none, unit = ''] = latency(times.withMs).split(/ (?=\D+$)/);
  if (times.withoutMs === null || times.factor === null) {
    target.show({
      value,
      unit,
      note: 'Nothing was loaded in this window, so there is nothing to compare with.',
    });
    return;
  }
  const factor = times.factor >= 1.05 ? `, ${short(times.factor)} times faster` : '';
  target.show({
    value,
    unit,
    note: `on average, instead of ${latency(times.withoutMs)} by the origin${factor}`,
    bars: [times.withMs / times.withoutMs],
  });
}

function showAi(target: Figure, ai: NonNullable<ReturnType<typeof aiBenefit>>): void {
  const isPriced = ai.cost > 0;
  const parts = [
    isPriced ? `${short(ai.tokens)} tokens` : '',
    `${duration(ai.timeMs / 1000)} of waiting`,
    isPriced ? 'money at your prices' : '',
    ai.unpriced > 0 ? `${counted(ai.unpriced, 'answer')} without a known price` : '',
  ];
  target.show({
    label: 'AI saved since the start',
    value: isPriced ? money(ai.cost) : short(ai.tokens),
    unit: isPriced ? '' : 'tokens',
    note: ai.calls === 0 ? 'No call yet.' : parts.filter((part) => part !== '').join(', '),
    bars: [ai.calls === 0 ? 0 : ai.answered / ai.calls],
  });
}

function showTraffic(target: Figure, all: Combined | undefined, window: WindowName): void {
  const { steps, seconds } = windowSteps[window];
  const reads = all === undefined ? 0 : readsOf(all.counts);
  const series = all?.series;
  const peak = Math.max(
    0,
    ...(series?.misses.map((misses, i) => misses + (series.l1Hits[i] ?? 0) + (series.l2Hits[i] ?? 0)) ?? []),
  );
  const [value = none, unit = ''] = perSecond(reads / (steps * seconds)).split(/(?=\/)/);
  target.show({
    label: 'Reads',
    value,
    unit,
    note:
      reads === 0
        ? 'Call a cached method to see it move.'
        : `${count(reads)} reads, at most ${perSecond(peak / seconds)}`,
    ...(peak > 0 && { bars: [reads / steps / peak] }),
  });
}
