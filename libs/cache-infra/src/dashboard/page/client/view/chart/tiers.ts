import type { Mark } from '../../model/events.js';
import { shares } from '../../model/benefit.js';
import { readsOf, type Combined } from '../../model/combine.js';
import { band, runs, type Point } from '../../model/curve.js';
import { percent, perSecond, roundPercent } from '../../model/format.js';
import { linearTicks } from '../../model/scale.js';
import { s } from '../dom.js';
import type { Drawing, Entry } from './frame.js';

/** The layers of the stack, from the bottom. */
const layers = ['l1', 'l2', 'stale', 'load'] as const;
type Layer = (typeof layers)[number];
type Stack = Readonly<Record<Layer, number>>;

const labels: Readonly<Record<Layer, string>> = { l1: 'L1', l2: 'Redis', stale: 'Stale', load: 'Missed' };

export interface Times {
  readonly endsAt: number;
  readonly stepSeconds: number;
}

/** What answered the reads: as shares of each step, or as reads per second. */
export function tiersDrawing(
  all: Combined,
  times: Times,
  marks: readonly Mark[],
  { unit, hasRedis }: { readonly unit: 'share' | 'rate'; readonly hasRedis: boolean },
): Drawing {
  const parts = shares(all);
  const rate = (step: number) =>
    ((all.series.l1Hits[step] ?? 0) + (all.series.l2Hits[step] ?? 0) + (all.series.misses[step] ?? 0)) /
    times.stepSeconds;
  const stacks =
    unit === 'share' ? parts : parts.map((part, step) => (part === null ? none : scaled(part, rate(step))));
  const ticks =
    unit === 'share' ? [0, 0.25, 0.5, 0.75, 1] : linearTicks(Math.max(...parts.map((_, i) => rate(i))));
  const most = ticks.at(-1) ?? 1;
  const text = unit === 'share' ? percent : perSecond;
  const total = totals(all);
  const isUsed: Readonly<Record<Layer, boolean>> = {
    l1: true,
    l2: hasRedis,
    stale: total.stale > 0,
    load: true,
  };
  const used = layers.filter((layer) => isUsed[layer]);
  return {
    ...times,
    marks,
    steps: parts.length,
    ticks: ticks.map((tick) => ({
      place: tick / most,
      text: unit === 'share' ? roundPercent(tick) : perSecond(tick),
    })),
    entries: used.map((layer) => entry(layer, percent(total[layer]))),
    at(step) {
      const stack = stacks[step];
      if (stack === undefined || stack === null || rate(step) === 0) return [];
      return [...used].reverse().map((layer) => entry(layer, text(stack[layer])));
    },
    shapes: (width, height) => used.map((layer) => layerShape(stacks, layer, { width, height, most })),
    words: wordsOf(all, parts),
    empty: readsOf(all.counts) === 0 ? 'No read in this window.' : null,
  };
}

const none: Stack = { l1: 0, l2: 0, stale: 0, load: 0 };

function scaled(stack: Stack, by: number): Stack {
  return { l1: stack.l1 * by, l2: stack.l2 * by, stale: stack.stale * by, load: stack.load * by };
}

function entry(layer: Layer, text: string): Entry {
  return { label: labels[layer], tone: layer, text };
}

function totals({ counts }: Combined): Stack {
  const reads = Math.max(readsOf(counts), 1);
  const stale = Math.min(counts.staleHits, counts.misses);
  return scaled({ l1: counts.l1Hits, l2: counts.l2Hits, stale, load: counts.misses - stale }, 1 / reads);
}

function layerShape(
  stacks: readonly (Stack | null)[],
  layer: Layer,
  { width, height, most }: { readonly width: number; readonly height: number; readonly most: number },
): SVGElement {
  const below = layers.slice(0, layers.indexOf(layer));
  const base = (stack: Stack) => below.reduce((sum, each) => sum + stack[each], 0);
  const y = (value: number) => height - (Math.min(value, most) / most) * height;
  const step = width / stacks.length;
  const path = runs(stacks).map(({ start, values }) => {
    const line = (value: (stack: Stack) => number) => edges(values.map(value).map(y), start, step);
    return band(
      line((stack) => base(stack) + stack[layer]),
      line(base),
    );
  });
  return s('path', { class: `area area-${layer}`, d: path.join('') });
}

/** Points in the middle of their steps, and the ends of the run at the edges of its first and last step. */
function edges(values: readonly number[], start: number, step: number): readonly Point[] {
  const [first = 0] = values;
  return [
    [start * step, first],
    ...values.map((value, i): Point => [(start + i + 0.5) * step, value]),
    [(start + values.length) * step, values.at(-1) ?? 0],
  ];
}

function wordsOf(all: Combined, parts: readonly (Stack | null)[]): string {
  if (all.hitRatio === null) return 'No read in this window.';
  const ratios = parts.flatMap((part) => (part === null ? [] : [part.l1 + part.l2]));
  const { l1, l2, load } = totals(all);
  return (
    `Hit ratio ${percent(all.hitRatio)}, lowest in one step ${percent(Math.min(...ratios))}. ` +
    `The L1 answered ${percent(l1)} of the reads, Redis ${percent(l2)}; ${percent(load)} missed.`
  );
}
