/** One sample line of an exposition. */
export interface ExposedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all of its samples. */
export interface ExposedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ExposedSample[];
}

const types = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/;

/**
 * Reads the text exposition format 0.0.4 of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format), and refuses everything that it
 * forbids: samples outside of their family, a series twice, buckets that are not cumulative, a negative counter.
 */
export function parseExposition(text: string): Map<string, ExposedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end with a line feed');
  const families = new Map<string, ExposedFamily>();
  const series = new Set<string>();
  let help: [name: string, words: string] | undefined;
  let family: ExposedFamily | undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = [comment[2] ?? '', comment[3] ?? ''];
    } else if (comment?.[1] === 'TYPE') {
      const [, , name = '', type = ''] = comment;
      if (!types.has(type) || families.has(name) || help?.[0] !== name)
        throw new Error(`wrong line: ${line}`);
      family = { name, type, help: help[1], samples: [] };
      families.set(name, family);
    } else {
      const sample = parseSample(line);
      if (family === undefined || !belongsTo(sample.name, family))
        throw new Error(`outside of its family: ${line}`);
      const id = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(id)) throw new Error(`a series twice: ${line}`);
      series.add(id);
      family.samples.push(sample);
    }
  }
  for (const each of families.values()) checkFamily(each);
  return families;
}

/** The value of one series; undefined if there is none. */
export function valueOf(
  families: ReadonlyMap<string, ExposedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const samples = [...families.values()].flatMap((family) => family.samples);
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  )?.value;
}

function parseSample(line: string): ExposedSample {
  const name = metricName.exec(line)?.[0] ?? '';
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const label = labelName.exec(rest)?.[0] ?? '';
      const value = /^="((?:[^"\\\n]|\\["\\n])*)"(,?)/.exec(rest.slice(label.length));
      if (label === '' || value === null || label in labels) throw new Error(`wrong labels: ${line}`);
      labels[label] = value[1] ?? '';
      rest = rest.slice(label.length + value[0].length);
    }
    rest = rest.slice(1);
  }
  const number = /^ (NaN|[+-]?Inf|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(rest)?.[1];
  if (name === '' || number === undefined) throw new Error(`no sample: ${line}`);
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) };
}

function belongsTo(sample: string, { name, type }: ExposedFamily): boolean {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  return suffixes.some((suffix) => sample === name + suffix);
}

function checkFamily({ name, type, samples }: ExposedFamily): void {
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0)))
    throw new Error(`${name} is negative`);
  if (type !== 'histogram') return;
  for (const count of samples.filter((sample) => sample.name === `${name}_count`)) {
    const id = JSON.stringify(count.labels);
    const buckets = samples.filter(({ name: own, labels: { le, ...labels } }) => {
      return own === `${name}_bucket` && le !== undefined && JSON.stringify(labels) === id;
    });
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
    const isAscending = bounds.every((bound, index) => index === 0 || bound > (bounds[index - 1] ?? NaN));
    const isCumulative = buckets.every(({ value }, i) => i === 0 || value >= (buckets[i - 1]?.value ?? NaN));
    if (!isAscending || !isCumulative || bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== count.value)
      throw new Error(`${name}${id} has wrong buckets`);
  }
}
