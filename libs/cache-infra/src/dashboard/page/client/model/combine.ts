import {
  answerers,
  countNames,
  type Answerer,
  type CacheWindow,
  type CountName,
  type WindowCounts,
  type WindowLatency,
} from '../../../../monitoring/windows/window-report.js';

/** Some caches of one window as if they were one. */
export type Combined = Omit<CacheWindow, 'cache'>;

/** What is counted of the calls that each one answered. */
export const countedAs: Readonly<Record<Answerer, CountName>> = {
  l1: 'l1Hits',
  l2: 'l2Hits',
  load: 'misses',
};

/** Adds counts and series; weights latencies by their calls. Undefined without caches. */
export function combine(windows: readonly CacheWindow[]): Combined | undefined {
  const [first, ...others] = windows;
  if (first === undefined) return undefined;
  if (others.length === 0) return first;
  const counts = fromNames(countNames, (name) => sum(windows.map((each) => each.counts[name])));
  const hits = counts.l1Hits + counts.l2Hits;
  const steps = Math.max(...windows.map((each) => each.series.misses.length));
  return {
    counts,
    hitRatio: hits + counts.misses === 0 ? null : hits / (hits + counts.misses),
    series: fromNames(countNames, (name) =>
      Array.from({ length: steps }, (_, step) => sum(windows.map((each) => each.series[name][step] ?? 0))),
    ),
    latency: fromNames(answerers, (answerer) => latencyOf(windows.map((each) => each.latency[answerer]))),
    p50Series: fromNames(answerers, (answerer) =>
      Array.from({ length: steps }, (_, step) =>
        weighted(
          windows.map((each) => [
            each.p50Series[answerer][step] ?? null,
            each.series[countedAs[answerer]][step] ?? 0,
          ]),
        ),
      ),
    ),
  };
}

/** Reads of a window: hits and misses. */
export function readsOf(counts: WindowCounts): number {
  return counts.l1Hits + counts.l2Hits + counts.misses;
}

function latencyOf(all: readonly WindowLatency[]): WindowLatency {
  const of = (name: 'p50Ms' | 'p95Ms' | 'p99Ms') =>
    weighted(all.map((each) => [each[name], each.count] as const));
  return {
    p50Ms: of('p50Ms'),
    p95Ms: of('p95Ms'),
    p99Ms: of('p99Ms'),
    count: sum(all.map((each) => each.count)),
  };
}

/** The mean of values by their weights; of equal weights if all are 0; null without values. */
export function weighted(pairs: readonly (readonly [value: number | null, weight: number])[]): number | null {
  const known = pairs.filter((pair): pair is readonly [number, number] => pair[0] !== null);
  if (known.length === 0) return null;
  const total = sum(known.map(([, weight]) => weight));
  if (total === 0) return sum(known.map(([value]) => value)) / known.length;
  return sum(known.map(([value, weight]) => value * weight)) / total;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function fromNames<Name extends string, T>(names: readonly Name[], make: (name: Name) => T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, T>;
}
