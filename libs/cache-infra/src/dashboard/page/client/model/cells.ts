import { count, latency, none, percent } from './format.js';
import type { Column, ShownCell } from './table.js';

/** The first column. */
export const name = (id: string, label: string): Column => ({ id, label });
/** A column of numbers. */
export const number = (id: string, label: string, rank: 1 | 2 | 3, hint?: string): Column => ({
  ...{ id, label, rank, isNumber: true },
  ...(hint !== undefined && { hint }),
});
/** The cache of a row. */
export const cacheColumn: Column = { id: 'cache', label: 'Cache', rank: 2 };

/** A text. */
export const text = (value: string, note?: string): ShownCell => ({
  value,
  text: value,
  ...(note !== undefined && { note }),
});
/** A number. */
export const plain = (value: number, shown = count(value)): ShownCell => ({ value, text: shown });
/** A number with a bar of a length of 0-1. */
export const barred = (value: number, bar: number, tone: 'l1' | 'load', shown = count(value)): ShownCell => ({
  ...{ value, text: shown, bar, tone },
});
/** A ratio of 0-1 with its bar. */
export const ratio = (value: number | null): ShownCell => ({
  ...{ value, text: percent(value), tone: 'l1' },
  ...(value !== null && { bar: value }),
});
/** A latency in milliseconds. */
export const time = (value: number | null): ShownCell => ({ value, text: latency(value) });
/** A number that is bad unless it is 0. */
export const trouble = (value: number): ShownCell => ({
  ...{ value, text: count(value) },
  ...(value > 0 && { tone: 'bad' }),
});

/** The mean duration of a load. */
export function perLoad({ loads, loadMs }: { readonly loads: number; readonly loadMs: number }): ShownCell {
  return loads === 0 ? { value: null, text: none } : plain(loadMs / loads, latency(loadMs / loads));
}
