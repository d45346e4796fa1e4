import type { DashboardState } from '../../state.js';
import { combine } from './model/combine.js';
import { percent } from './model/format.js';
import { stepOf } from './model/guide.js';
import { readPlace, writePlace, type Place } from './model/place.js';
import { verdictOf } from './model/verdict.js';
import { Feed } from './net/feed.js';
import { act } from './view/act.js';
import { benefit } from './view/benefit.js';
import { charts } from './view/charts.js';
import { h, setAttribute, show } from './view/dom.js';
import { events } from './view/events.js';
import { glossary } from './view/glossary.js';
import { guide } from './view/guide.js';
import { header } from './view/header.js';
import { health } from './view/health.js';
import { lookUp } from './view/look-up.js';
import type { Actions, Link, Page, View } from './view/page.js';
import { tables } from './view/tables.js';

let page: Page = { state: null, place: readPlace(location.hash), link: { kind: 'starting' } };
let feed: Feed | undefined;
let isPausedByReader = false;

const actions: Actions = {
  go(change) {
    const instance = page.place.instance;
    draw({ place: { ...page.place, ...change } });
    history.replaceState(null, '', `${location.pathname}${location.search}${writePlace(page.place)}`);
    if (instance !== page.place.instance) connect();
  },
  look(key) {
    actions.go({ key });
    parts.look.element.scrollIntoView({ block: 'nearest' });
  },
  aim: (target) => parts.act.aim(target),
  togglePause() {
    isPausedByReader = !isPausedByReader;
    connect();
  },
};

const parts = {
  header: header(actions),
  health: health(),
  events: events(),
  guide: guide(),
  benefit: benefit(actions),
  charts: charts(),
  tables: tables(actions),
  look: lookUp(actions),
  act: act(() => parts.look.refresh()),
};
const all: readonly View[] = Object.values(parts);

const helpElement = h('div', { class: 'help' }, parts.benefit.element, parts.charts.element);
const side = h('div', { class: 'side' }, parts.look.element, parts.act.element);
const workElement = h('div', { class: 'work' }, parts.tables.element, side);
const topElement = h('div', { class: 'top' }, parts.health.element, parts.events.element);
const main = h(
  'main',
  { id: 'main', tabindex: -1 },
  topElement,
  parts.guide.element,
  helpElement,
  workElement,
);
document.body.append(parts.header.element, main, glossary());

function draw(change: Partial<Page>): void {
  page = { ...page, ...change };
  for (const part of all) part.update(page);
  const isEmpty = stepOf(page.state, page.place.window) !== undefined;
  show(helpElement, page.state !== null && !isEmpty);
  show(workElement, (page.state?.summary.caches.length ?? 0) > 0);
  setAttribute(document.documentElement, 'data-link', page.link.kind);
  document.title = titleOf(page);
}

/** The title of the tab tells the health, too. */
function titleOf({ state, place, link }: Page): string {
  if (link.kind === 'gone') return '⚠ gone · Cache';
  if (state === null) return 'Cache';
  const { mood } = verdictOf(state);
  const ratio = combine(state.summary.windows[place.window].caches)?.hitRatio ?? null;
  const sign = mood === 'bad' || mood === 'warn' ? '⚠ ' : '';
  return `${sign}${ratio === null ? '' : `${percent(ratio)} · `}Cache`;
}

/** Opens the feed of the chosen instance; none while the tab is hidden or the reader paused. */
function connect(): void {
  feed?.close();
  feed = undefined;
  if (isPausedByReader || document.hidden) {
    draw({ link: { kind: 'paused' } });
    return;
  }
  if (page.link.kind !== 'gone') draw({ link: { kind: 'starting' } });
  feed = new Feed(page.place.instance, {
    onState: (state: DashboardState) => draw({ state, link: { kind: 'live' } }),
    onGone: (reason) => draw({ link: gone(page.link, reason) }),
  });
}

function gone(link: Link, reason: string): Link {
  return { kind: 'gone', since: link.kind === 'gone' ? link.since : Date.now(), reason };
}

document.addEventListener('visibilitychange', connect);
addEventListener('hashchange', () => {
  const place: Place = readPlace(location.hash);
  const hasMoved = place.instance !== page.place.instance;
  draw({ place });
  if (hasMoved) connect();
});
// The clock of an outage goes on without messages.
setInterval(() => {
  if (page.link.kind === 'gone') draw({});
}, 1000);
draw({});
connect();
