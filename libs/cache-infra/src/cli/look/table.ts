import type { Style, StyleName } from './style.js';
import { cut, padded, widthOf } from './text.js';

/** A column of a table. */
export interface Column {
  readonly head?: string | undefined;
  /** Default `'left'`. */
  readonly align?: 'left' | 'right' | undefined;
  /** Longer cells are cut. Default: no limit. */
  readonly most?: number | undefined;
  /** Cells above this width do not widen the column, and stand as they are. */
  readonly alignUpTo?: number | undefined;
  readonly style?: StyleName | undefined;
}

/** A cell with a style of its own, or plain text. */
export type Cell = string | readonly [text: string, style: StyleName | undefined];

const gap = '  ';

/** Aligned lines; the first is the head, if a column has one. Trailing space is removed. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string[] {
  const heads = columns.some(({ head }) => head !== undefined)
    ? [columns.map(({ head = '' }): Cell => [head, 'dim'])]
    : [];
  const all = [...heads, ...rows].map((row) => columns.map((column, i) => cellOf(row[i] ?? '', column)));
  const widths = columns.map(({ alignUpTo = Infinity }, i) =>
    Math.max(0, ...all.map((row) => widthOf(row[i]?.text ?? '')).filter((width) => width <= alignUpTo)),
  );
  return all.map((row) => {
    const last = row.findLastIndex(({ text }) => text !== '');
    return row
      .slice(0, last + 1)
      .map(({ text, name }, i) => {
        const { align } = columns[i] ?? {};
        const isLast = i === last && align !== 'right';
        const shown = isLast ? text : padded(text, widths[i] ?? 0, align);
        return name === undefined ? shown : style[name](shown);
      })
      .join(gap);
  });
}

function cellOf(cell: Cell, column: Column): { readonly text: string; readonly name: StyleName | undefined } {
  const [text, name] = typeof cell === 'string' ? [cell, undefined] : cell;
  const { most = Infinity, style } = column;
  return { text: cut(text, most), name: name ?? style };
}
