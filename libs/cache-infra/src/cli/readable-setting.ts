import { advancedOptions, memoryOptions, redisOptions } from '../cache/contract/option-table.js';
import type { Setting } from './settings.js';

const units: ReadonlyMap<string, string> = new Map([
  ...Object.entries({ ...memoryOptions, ...redisOptions }).map(([name, { unit }]) => [name, unit] as const),
  ...Object.entries(advancedOptions).map(([name, { unit }]) => [`advanced.${name}`, unit] as const),
]);

/** The value of a setting with its unit, where it is a bare number: `3600 s (1 h)`, `64 MiB`. */
export function readableSetting({ name, value }: Pick<Setting, 'name' | 'value'>): string {
  if (!/^\d+$/.test(value)) return value;
  const unit = units.get(name) ?? '';
  if (unit.startsWith('duration')) {
    if (value === '0' && name === 'defaultTtl') return '0 s (never expires)';
    const readable = readableSeconds(Number(value));
    return readable === undefined ? `${value} s` : `${value} s (${readable})`;
  }
  return unit.startsWith('bytes') ? readableBytes(Number(value)) : value;
}

/** `5 min`, `1.5 h`, `83 h`, `42 d`; undefined below 2 minutes. */
export function readableSeconds(seconds: number): string | undefined {
  if (seconds < 120) return undefined;
  const minutes = seconds / 60;
  const hours = minutes / 60;
  if (minutes < 60) return `${rounded(minutes)} min`;
  return hours < 100 ? `${rounded(hours)} h` : `${rounded(hours / 24)} d`;
}

/** `1000 bytes`, `64 MiB`; `3000000 bytes (2.9 MiB)`, where the larger unit is not exact. */
function readableBytes(bytes: number): string {
  const [size, unit] = (
    [
      [1024 ** 3, 'GiB'],
      [1024 ** 2, 'MiB'],
      [1024, 'KiB'],
    ] as const
  ).find(([each]) => bytes >= each) ?? [1, 'bytes'];
  const text = `${rounded(bytes / size)} ${unit}`;
  return bytes === Number(rounded(bytes / size)) * size ? text : `${String(bytes)} bytes (${text})`;
}

function rounded(value: number): string {
  return value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0);
}
