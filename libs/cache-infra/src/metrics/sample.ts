/** A value of a metric. `labels`: besides the name of the cache. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: what a scrape shows, and how it is read from `S`. */
export interface MetricRow<S> {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** The names of the labels besides that of the cache. Each takes few values, whatever the keys. */
  readonly labels: readonly string[];
  samples(source: S): readonly Sample[];
}

/** One value without labels of its own. */
export function single(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }];
}

/** One value for each value of a label. */
export function each(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

/** 1 for the state that is, 0 for the others; none without a state. */
export function states<N extends string>(
  label: string,
  known: readonly N[],
  current: N | undefined,
): readonly Sample[] {
  if (current === undefined) return [];
  return known.map((name) => ({ labels: { [label]: name }, value: Number(name === current) }));
}
