import type { SortOrder } from '../model/sort.js';
import type { Column, Row, RowAction, ShownCell, Table } from '../model/table.js';
import { h, setAttribute, setBar, setChildren, setText, show } from './dom.js';
import type { Actions } from './page.js';

/** One table whose rows and cells live on from one state to the next. */
export function tableView(actions: Actions, sortBy: (column: string) => void) {
  const caption = h('caption', { class: 'sr' });
  const head = h('tr');
  const body = h('tbody');
  const element = h(
    'div',
    { class: 'table-scroll', role: 'region', tabindex: 0, 'aria-label': 'Table' },
    h('table', {}, caption, h('thead', {}, head), body),
  );
  let columns = '';
  let known = new Map<string, ReturnType<typeof rowView>>();

  return {
    element,
    /** Whether a reader points at the rows, or has the focus in one. */
    isHeld: () => body.matches(':hover') || body.contains(document.activeElement),
    update(table: Table, rows: readonly Row[], order: SortOrder, name: string) {
      const shape = `${name} ${table.columns.map(({ id }) => id).join(' ')}`;
      if (shape !== columns) {
        columns = shape;
        known = new Map();
        body.replaceChildren();
        head.replaceChildren(...table.columns.map((column) => headCell(column, sortBy)));
        setText(caption, name);
        setAttribute(element, 'aria-label', name);
      }
      table.columns.forEach(({ id }, i) => {
        const direction = order.descending ? 'descending' : 'ascending';
        const cell = head.children[i];
        if (cell !== undefined) setAttribute(cell, 'aria-sort', id === order.column ? direction : 'none');
      });
      const shown = rows.map((row) => {
        const view = known.get(row.id) ?? rowView(table.columns, actions);
        view.update(row);
        return [row.id, view] as const;
      });
      known = new Map(shown);
      setChildren(
        body,
        shown.map(([, view]) => view.element),
      );
    },
  };
}

function headCell(
  { id, label, hint, isNumber, rank }: Column,
  sortBy: (column: string) => void,
): HTMLElement {
  const button = h('button', { type: 'button', class: 'sort', text: label, title: hint });
  button.addEventListener('click', () => sortBy(id));
  return h('th', { scope: 'col', class: classOf(isNumber, rank) }, button);
}

function classOf(isNumber: boolean | undefined, rank: number | undefined): string {
  return `${isNumber ? 'number' : 'text'} rank-${String(rank ?? 1)}`;
}

function rowView(columns: readonly Column[], actions: Actions) {
  let action: RowAction | undefined;
  const cells = columns.map(({ isNumber, rank }, i) => {
    const className = classOf(isNumber, rank);
    return i === 0
      ? nameCell(className, () => action !== undefined && act(action, actions))
      : dataCell(className);
  });
  return {
    element: h('tr', {}, ...cells.map((cell) => cell.element)),
    update(row: Row) {
      ({ action } = row);
      cells.forEach((cell, i) => {
        const shown = row.cells[columns[i]?.id ?? ''];
        if (shown !== undefined) cell.update(shown, row.action);
      });
    },
  };
}

const actionHints: Readonly<Record<RowAction['kind'], string>> = {
  filter: 'Show this cache alone',
  look: 'Look this key up',
  group: 'Invalidate these keys',
  tag: 'Invalidate this tag',
  instance: 'Show this instance alone',
};

function nameCell(className: string, click: () => void) {
  const button = h('button', { type: 'button', class: 'row-name mono', dir: 'auto', on: { click } });
  const plain = h('span', { class: 'row-name mono', dir: 'auto' });
  const note = h('span', { class: 'cell-note' });
  return {
    element: h('th', { scope: 'row', class: className }, button, plain, note),
    update({ text, note: beside }: ShownCell, action: RowAction | undefined) {
      setText(button, text);
      setText(plain, text);
      show(button, action !== undefined);
      show(plain, action === undefined);
      setAttribute(
        button,
        'title',
        action === undefined ? undefined : `${actionHints[action.kind]}: ${text}`,
      );
      setText(note, beside ?? '');
    },
  };
}

function dataCell(className: string) {
  const value = h('span', { class: 'cell-text', dir: 'auto' });
  const bar = h('span', { class: 'cell-bar', 'aria-hidden': 'true' });
  const element = h('td', { class: className }, value, bar);
  return {
    element,
    update(shown: ShownCell) {
      setText(value, shown.text);
      setAttribute(element, 'data-tone', shown.tone);
      show(bar, shown.bar !== undefined);
      if (shown.bar !== undefined) setBar(bar, shown.bar);
    },
  };
}

function act(action: RowAction, { go, look, aim }: Actions): void {
  switch (action.kind) {
    case 'filter':
      go({ cache: action.cache });
      break;
    case 'instance':
      go({ instance: action.id });
      break;
    case 'look':
      look({ cache: action.cache, key: action.key, namespaces: action.namespaces });
      break;
    case 'group':
    case 'tag':
      aim(action);
  }
}
