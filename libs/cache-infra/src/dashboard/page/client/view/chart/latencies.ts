import { answerers, type Answerer } from '../../../../../monitoring/windows/window-report.js';
import type { Combined } from '../../model/combine.js';
import { runs, smooth, type Point } from '../../model/curve.js';
import type { Mark } from '../../model/events.js';
import { latency } from '../../model/format.js';
import { logPlace, logTicks } from '../../model/scale.js';
import { s } from '../dom.js';
import type { Drawing, Entry } from './frame.js';
import type { Times } from './tiers.js';

const labels: Readonly<Record<Answerer, string>> = { l1: 'L1', l2: 'Redis', load: 'Load' };

/** The medians of the calls by what answered them, on a logarithmic scale. */
export function latencyDrawing(all: Combined, times: Times, marks: readonly Mark[]): Drawing {
  const values = answerers.flatMap((each) => all.p50Series[each].filter((value) => value !== null));
  const ticks = logTicks(values);
  const place = (value: number) => logPlace(value, ticks);
  const used = answerers.filter((each) => all.latency[each].p50Ms !== null);
  const entry = (each: Answerer, value: number | null): Entry => ({
    ...{ label: labels[each], tone: each, text: latency(value) },
  });
  return {
    ...times,
    marks,
    steps: all.series.misses.length,
    ticks: ticks.map((tick) => ({ place: place(tick), text: latency(tick) })),
    entries: used.map((each) => entry(each, all.latency[each].p50Ms)),
    at: (step) =>
      [...answerers].reverse().flatMap((each) => {
        const value = all.p50Series[each][step] ?? null;
        return value === null ? [] : [entry(each, value)];
      }),
    shapes: (width, height) =>
      used.flatMap((each) => lineShapes(all.p50Series[each], each, { width, height, place })),
    words: wordsOf(all, used),
    empty: values.length === 0 ? 'No call was timed in this window.' : null,
  };
}

function lineShapes(
  series: readonly (number | null)[],
  answerer: Answerer,
  { width, height, place }: { width: number; height: number; place: (value: number) => number },
): SVGElement[] {
  const step = width / series.length;
  const point = (value: number, at: number): Point => [(at + 0.5) * step, (1 - place(value)) * height];
  const lines = runs(series).map(({ start, values }) => values.map((value, i) => point(value, start + i)));
  const path = lines.filter((points) => points.length > 1).map((points) => smooth(points));
  const alone = lines.filter((points) => points.length === 1).flat();
  return [
    s('path', { class: `line line-${answerer}`, d: path.join('') }),
    ...alone.map(([cx, cy]) => s('circle', { class: `point point-${answerer}`, cx, cy, r: 2.2 })),
  ];
}

function wordsOf({ latency: all }: Combined, used: readonly Answerer[]): string {
  if (used.length === 0) return 'No call was timed in this window.';
  const parts = used.map(
    (each) => `${labels[each]} ${latency(all[each].p50Ms)}, 99 of 100 below ${latency(all[each].p99Ms)}`,
  );
  return `Medians: ${parts.join('; ')}.`;
}
