export type Cell = string | number | null;

export interface SortOrder {
  readonly column: string;
  readonly descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Compares two cells: numbers by value, texts as people sort them, what is unknown last in either direction. */
export function compareCells(a: Cell, b: Cell, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order =
    typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  return descending ? -order : order;
}

/** A sorted copy; rows that compare as equal keep their order. */
export function sorted<Row>(
  rows: readonly Row[],
  cell: (row: Row) => Cell,
  descending: boolean,
): readonly Row[] {
  return [...rows].sort((a, b) => compareCells(cell(a), cell(b), descending));
}

/** Whether a text contains all words of a query, in any order and case. */
export function matches(text: string, query: string): boolean {
  const lower = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}

/**
 * Rows in the order of known keys, new ones at the end: while a pointer is over a table, no row moves away beneath it.
 */
export function inOrderOf<Row>(
  rows: readonly Row[],
  keys: readonly string[],
  keyOf: (row: Row) => string,
): readonly Row[] {
  const places = new Map(keys.map((key, place) => [key, place]));
  return sorted(rows, (row) => places.get(keyOf(row)) ?? keys.length, false);
}
