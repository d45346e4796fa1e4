import type { Mood } from './mood.js';
import type { Cell, SortOrder } from './sort.js';

/** A column of a table. */
export interface Column {
  readonly id: string;
  readonly label: string;
  /** Explains the label. */
  readonly hint?: string;
  readonly isNumber?: boolean;
  /** Narrow screens leave the columns of a higher rank out. Default 1. */
  readonly rank?: 1 | 2 | 3;
}

/** A cell: what it is sorted by, and what it shows. */
export interface ShownCell {
  readonly value: Cell;
  readonly text: string;
  /** A small text beside it. */
  readonly note?: string;
  /** 0-1: the length of a bar behind the text. */
  readonly bar?: number;
  /** The colour of the bar or the text. */
  readonly tone?: Mood | 'l1' | 'l2' | 'load';
}

/** What a click on the name of a row does. */
export type RowAction =
  | { readonly kind: 'filter'; readonly cache: string }
  | {
      readonly kind: 'look';
      readonly cache: string;
      readonly namespaces: readonly string[];
      readonly key: string;
    }
  | { readonly kind: 'group'; readonly cache: string; readonly group: string }
  | { readonly kind: 'tag'; readonly cache: string; readonly tag: string }
  | { readonly kind: 'instance'; readonly id: string };

export interface Row {
  /** Identifies the row from one state to the next. */
  readonly id: string;
  /** By column. The first column is the name of the row. */
  readonly cells: Readonly<Record<string, ShownCell>>;
  readonly action?: RowAction;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The order until a reader chooses another. */
  readonly order: SortOrder;
  /** Shown in place of no rows. */
  readonly empty: string;
}

/** Lengths of bars: values as parts of the largest one. */
export function bars(values: readonly number[]): (value: number) => number {
  const most = Math.max(...values, 0);
  return (value) => (most === 0 ? 0 : value / most);
}
