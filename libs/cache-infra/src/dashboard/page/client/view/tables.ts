import { count } from '../model/format.js';
import { tabs, type Tab } from '../model/place.js';
import { inOrderOf, matches, sorted, type SortOrder } from '../model/sort.js';
import type { Row, Table } from '../model/table.js';
import { tableOf } from '../model/tables.js';
import { h, newId, setAttribute, setText, show } from './dom.js';
import type { Actions, Page, View } from './page.js';
import { tableView } from './table-view.js';

const labels: Readonly<Record<Tab, string>> = {
  caches: 'Caches',
  groups: 'Key groups',
  routes: 'Routes',
  keys: 'Top keys',
  tags: 'Tags',
  operations: 'Operations',
  ai: 'AI',
  instances: 'Instances',
};

/** Rows that are shown before a reader asks for all. */
const atFirst = 15;

/** The tables, one at a time: where does it help? */
export function tables(actions: Actions): View {
  const id = newId();
  const panelId = newId();
  const orders = new Map<Tab, SortOrder>();
  let isWhole = false;
  let rowIds: readonly string[] = [];
  let drawn = '';
  let chosen: Tab | undefined;
  let last: Page | undefined;

  const buttons = tabs.map((tab) => tabButton(tab, panelId, actions));
  const list = h(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-labelledby': id },
    ...buttons.map((each) => each.element),
  );
  const search = h('input', {
    class: 'input search',
    type: 'search',
    placeholder: 'Search',
    'aria-label': 'Search the table',
  });
  search.addEventListener('input', () => actions.go({ search: search.value }));
  const filter = h('select', { class: 'select', 'aria-label': 'Cache' });
  filter.addEventListener('change', () => actions.go({ cache: filter.value === '' ? null : filter.value }));
  const table = tableView(actions, (column) => sortBy(column));
  const empty = h('p', { class: 'table-empty' });
  const more = h('button', { class: 'more', type: 'button', hidden: true });
  more.addEventListener('click', () => {
    isWhole = !isWhole;
    redraw();
  });
  const panel = h('div', { id: panelId, role: 'tabpanel', class: 'panel' }, table.element, empty, more);
  const element = h(
    'section',
    { class: 'where card', 'aria-labelledby': id },
    h('h2', { id, class: 'question', text: 'Where?' }),
    h('div', { class: 'where-tools' }, list, h('div', { class: 'where-filters' }, filter, search)),
    panel,
  );
  list.addEventListener('keydown', (event) => {
    const place = buttons.findIndex(({ element: button }) => button === document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || place === -1) return;
    const next = buttons[(place + step + buttons.length) % buttons.length];
    next?.element.focus();
    if (next !== undefined) actions.go({ tab: next.tab });
  });

  function sortBy(column: string): void {
    if (last?.state == null) return;
    const { tab } = last.place;
    const shown = tableOf(tab, last.state, last.place);
    const order = orders.get(tab) ?? shown.order;
    const isNumber = shown.columns.find((each) => each.id === column)?.isNumber ?? false;
    orders.set(tab, { column, descending: order.column === column ? !order.descending : isNumber });
    drawn = '';
    redraw();
  }

  function redraw(): void {
    if (last !== undefined) update(last);
  }

  function update(page: Page): void {
    last = page;
    const { state, place } = page;
    for (const button of buttons) button.update(page);
    if (chosen !== place.tab) {
      chosen = place.tab;
      const { offsetLeft = 0 } = buttons.find(({ tab }) => tab === chosen)?.element ?? {};
      list.scrollTo({ left: offsetLeft - 48 });
    }
    setAttribute(panel, 'aria-labelledby', buttons.find(({ tab }) => tab === place.tab)?.element.id);
    if (search.value !== place.search) search.value = place.search;
    drawFilter(filter, page);
    if (state === null) return;
    const shown = tableOf(place.tab, state, place);
    const order = orders.get(place.tab) ?? shown.order;
    const found = shown.rows.filter((row) => place.search === '' || matches(textOf(row), place.search));
    const rows = ordered(found, order, place.tab);
    rowIds = rows.map((row) => row.id);
    table.update(shown, isWhole ? rows : rows.slice(0, atFirst), order, labels[place.tab]);
    show(table.element, rows.length > 0);
    show(empty, rows.length === 0);
    setText(empty, emptyText(shown, place.search));
    show(more, rows.length > atFirst);
    setText(more, isWhole ? 'Show fewer' : `Show all ${count(rows.length)}`);
  }

  /** While the pointer is over the rows, they keep their places. */
  function ordered(rows: readonly Row[], order: SortOrder, tab: Tab): readonly Row[] {
    const fresh = sorted(rows, (row) => row.cells[order.column]?.value ?? null, order.descending);
    const isSame = drawn === `${tab} ${last?.place.window ?? ''} ${last?.place.instance ?? ''}`;
    drawn = `${tab} ${last?.place.window ?? ''} ${last?.place.instance ?? ''}`;
    return isSame && table.isHeld() ? inOrderOf(fresh, rowIds, (row) => row.id) : fresh;
  }

  return { element, update };
}

function tabButton(tab: Tab, panelId: string, { go }: Actions) {
  const text = h('span', { text: labels[tab] });
  const badge = h('span', { class: 'badge' });
  const element = h('button', {
    type: 'button',
    role: 'tab',
    id: newId(),
    class: 'tab',
    'aria-controls': panelId,
  });
  element.append(text, badge);
  element.addEventListener('click', () => go({ tab }));
  return {
    tab,
    element,
    update({ state, place }: Page) {
      const isChosen = place.tab === tab;
      setAttribute(element, 'aria-selected', String(isChosen));
      setAttribute(element, 'tabindex', isChosen ? 0 : -1);
      const rows = state === null ? 0 : tableOf(tab, state, place).rows.length;
      setText(badge, rows === 0 ? '' : count(rows));
    },
  };
}

function drawFilter(filter: HTMLSelectElement, { state, place }: Page): void {
  const names = state?.summary.caches.map(({ name }) => name) ?? [];
  const known = place.cache === null || names.includes(place.cache) ? names : [...names, place.cache];
  const wanted = ['', ...known];
  if (
    filter.options.length === 0 ||
    wanted.join('\n') !== [...filter.options].map(({ value }) => value).join('\n')
  )
    filter.replaceChildren(
      ...wanted.map((value) => h('option', { value, text: value === '' ? 'All caches' : value })),
    );
  if (filter.value !== (place.cache ?? '')) filter.value = place.cache ?? '';
}

function textOf({ cells }: Row): string {
  return Object.values(cells)
    .filter(({ value }) => typeof value === 'string')
    .map(({ text }) => text)
    .join(' ');
}

function emptyText(table: Table, search: string): string {
  return search !== '' && table.rows.length > 0 ? `No row has “${search}”.` : table.empty;
}
