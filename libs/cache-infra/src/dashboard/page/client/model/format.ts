const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const fixed = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** Shown where there is no number. */
export const none = '–';

/** `98,233`; from ten million on `12.3M`. */
export function count(value: number): string {
  return value >= 1e7 ? compact.format(value) : whole.format(value);
}

/** `980`, `12.3K`: for axes and narrow columns. */
export function short(value: number): string {
  return value < 10 ? oneDigit.format(value) : compact.format(value);
}

/** `1 entry`, `2 entries`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A rate: `0.4/s`, `12/s`, `8.2K/s`. */
export function perSecond(value: number): string {
  return `${short(value)}/s`;
}

/** `98.8 %`, `0 %`, `100 %`. A ratio below 1 never reads as 100 %, nor one above 0 as 0 %. */
export function percent(ratio: number | null): string {
  if (ratio === null) return none;
  const value = ratio * 100;
  if (value <= 0 || value >= 100) return `${whole.format(value)} %`;
  if (value >= 99.95) return `> ${fixed.format(99.9)} %`;
  if (value < 0.05) return `< ${fixed.format(0.1)} %`;
  return `${fixed.format(value)} %`;
}

/** A ratio for an axis: `25 %`. */
export function roundPercent(ratio: number): string {
  return `${whole.format(ratio * 100)} %`;
}

/** A latency in milliseconds: `18 µs`, `4.2 ms`, `1.3 s`. */
export function latency(ms: number | null): string {
  if (ms === null) return none;
  if (ms < 0.001) return '< 1 µs';
  if (ms < 0.9995) return `${significant(ms * 1000)} µs`;
  if (ms < 999.5) return `${significant(ms)} ms`;
  return ms < 60_000 ? `${significant(ms / 1000)} s` : duration(ms / 1000);
}

function significant(value: number): string {
  return value < 10 ? oneDigit.format(value) : whole.format(value);
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** Seconds in at most two units: `12 s`, `4 min 5 s`, `3 d 4 h`. */
export function duration(seconds: number): string {
  const left = Math.max(0, Math.round(seconds));
  const first = units.findIndex(([, size]) => left >= size);
  if (first === -1) return '0 s';
  const [unit, size] = units[first] ?? units[3];
  const next = units[first + 1];
  const rest = next === undefined ? 0 : Math.floor((left % size) / next[1]);
  const head = `${String(Math.floor(left / size))} ${unit}`;
  return next === undefined || rest === 0 ? head : `${head} ${String(rest)} ${next[0]}`;
}

/** `just now`, `12 s ago`. */
export function ago(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  if (seconds < 2) return 'just now';
  // One unit: an old event needs no seconds.
  const text = duration(seconds);
  return `${seconds < 60 ? text : text.split(' ').slice(0, 2).join(' ')} ago`;
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `980 B`, `1.2 kB`: in powers of 1000. */
export function bytes(value: number): string {
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), sizes.length - 1);
  return `${oneDigit.format(value / 1000 ** power)} ${sizes[power] ?? 'B'}`;
}

/** An amount in the currency of the price table, which has no name: `12.40`. */
export function money(value: number): string {
  if (value > 0 && value < 0.01) return `< ${twoDigits.format(0.01)}`;
  return value >= 1e6 ? compact.format(value) : twoDigits.format(value);
}

/** A time of the day, with seconds when `exact`. */
export function clock(at: number, exact = true): string {
  const parts = { hour: '2-digit', minute: '2-digit', hour12: false } as const;
  return new Date(at).toLocaleTimeString(undefined, exact ? { ...parts, second: '2-digit' } : parts);
}
