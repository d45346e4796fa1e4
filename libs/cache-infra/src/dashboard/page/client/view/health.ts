import type { CacheSummary } from '../../../../fleet/summary.js';
import { cacheFacts, type Fact } from '../model/facts.js';
import { clock, count, counted, duration } from '../model/format.js';
import { verdictOf } from '../model/verdict.js';
import { h, newId, setAttribute, setBar, setChildren, setText, show } from './dom.js';
import type { Page, View } from './page.js';

/** The verdict, and why: the state of each cache. */
export function health(): View {
  const id = newId();
  const title = h('h1', { id, class: 'verdict-title', text: 'Asking the server …' });
  const facts = h('p', { class: 'verdict-facts' });
  // Read aloud when it changes, which the sentence with its seconds does all the time.
  const spoken = h('p', { class: 'sr', role: 'status' });
  const list = h('ul', { class: 'cache-lines' });
  const more = h('button', { class: 'more', type: 'button', hidden: true });
  const rows = new Map<string, ReturnType<typeof cacheLine>>();
  let isWhole = false;
  let last: Page | undefined;
  more.addEventListener('click', () => {
    isWhole = !isWhole;
    if (last !== undefined) update(last);
  });
  const element = h(
    'section',
    { class: 'health', 'aria-labelledby': id },
    h('div', { class: 'verdict' }, h('span', { class: 'orb', 'aria-hidden': 'true' }), title, facts, spoken),
    list,
    more,
  );

  function update(page: Page): void {
    last = page;
    const { state, link } = page;
    const verdict = state === null ? undefined : verdictOf(state);
    const isGone = link.kind === 'gone';
    setAttribute(document.documentElement, 'data-mood', isGone ? 'idle' : (verdict?.mood ?? 'idle'));
    setText(title, isGone ? goneTitle(link.since) : (verdict?.title ?? 'Asking the server …'));
    setText(spoken, isGone ? `The server is gone. ${link.reason}` : (verdict?.spoken ?? ''));
    setText(facts, isGone ? goneFacts(page, link.reason) : factsOf(page));
    const caches = [...(state?.summary.caches ?? [])].sort((a, b) => rank(b) - rank(a));
    const shown = isWhole ? caches : caches.slice(0, 6);
    for (const cache of shown) {
      const row = rows.get(cache.name) ?? cacheLine(cache.name);
      rows.set(cache.name, row);
      row.update(cache);
    }
    setChildren(
      list,
      shown.flatMap(({ name }) => rows.get(name)?.element ?? []),
    );
    show(more, caches.length > 6);
    setText(more, isWhole ? 'Show fewer' : `Show all ${count(caches.length)} caches`);
  }
  return { element, update };
}

function goneTitle(since: number): string {
  return `The server is gone since ${duration((Date.now() - since) / 1000)}: trying again`;
}

function goneFacts({ state }: Page, reason: string): string {
  return state === null ? reason : `${reason} The picture is of ${clock(state.at)}.`;
}

function factsOf({ state, link }: Page): string {
  if (state === null) return '';
  const { instances, summary, shown, source } = state;
  const started = instances
    .filter(({ id }) => shown === null || id === shown)
    .map(({ startedAt }) => startedAt);
  const parts = [
    counted(instances.length, 'instance'),
    counted(summary.caches.length, 'cache'),
    started.length === 0 ? '' : `up ${duration((state.at - Math.min(...started)) / 1000)}`,
    source === 'redis' ? 'read from Redis' : '',
    link.kind === 'paused' ? `paused at ${clock(state.at)}` : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** Caches in trouble first. */
function rank({ health: { status } }: CacheSummary): number {
  return { up: 0, degraded: 1, down: 2 }[status];
}

function cacheLine(name: string) {
  const kind = h('span', { class: 'cache-kind' });
  const facts = h('dl', { class: 'facts' });
  const element = h(
    'li',
    { class: 'cache-line' },
    h('h2', { class: 'cache-name' }, h('span', { class: 'mono', dir: 'auto', text: name }), kind),
    facts,
  );
  const known = new Map<string, ReturnType<typeof factCell>>();
  return {
    element,
    update(cache: CacheSummary) {
      setAttribute(element, 'data-status', cache.health.status);
      setText(kind, cache.kind);
      const shown = cacheFacts(cache);
      for (const fact of shown) {
        const cell = known.get(fact.label) ?? factCell(fact.label);
        known.set(fact.label, cell);
        cell.update(fact);
      }
      setChildren(
        facts,
        shown.flatMap(({ label }) => known.get(label)?.element ?? []),
      );
    },
  };
}

function factCell(label: string) {
  const value = h('dd', { class: 'fact-value' });
  const text = h('span');
  const note = h('span', { class: 'fact-note' });
  const gauge = h('span', { class: 'gauge', 'aria-hidden': 'true' });
  value.append(text, note, gauge);
  const element = h('div', { class: 'fact', 'data-fact': label }, h('dt', { text: label }), value);
  return {
    element,
    update(fact: Fact) {
      setText(text, fact.text);
      setText(note, fact.note ?? '');
      setAttribute(element, 'data-mood', fact.mood);
      setAttribute(element, 'title', fact.hint);
      show(gauge, fact.gauge !== undefined);
      if (fact.gauge === undefined) return;
      setBar(gauge, fact.gauge.to);
      gauge.style.setProperty('--from', String(fact.gauge.from));
    },
  };
}
