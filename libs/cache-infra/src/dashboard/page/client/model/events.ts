import type { CacheChange, CacheSummary } from '../../../../fleet/summary.js';
import type { Mood } from './mood.js';
import { brief } from './printable.js';

/** A change of state as the page tells it. */
export interface ToldEvent {
  readonly at: number;
  /** The names of the caches that it happened to. */
  readonly caches: readonly string[];
  readonly event: CacheChange['event'];
  readonly text: string;
  readonly mood: Mood;
}

const texts: Readonly<Record<CacheChange['event'], readonly [text: string, mood: Mood]>> = {
  degraded: ['Redis went away', 'bad'],
  recovered: ['Redis is back', 'good'],
  breakerOpen: ['the breaker opened: calls skip Redis', 'warn'],
  coherenceLost: ['remote changes are no longer heard: the L1 was cleared', 'warn'],
  coherenceRestored: ['remote changes are heard again', 'good'],
  journalOverflow: ['the journal was full: changes were dropped', 'bad'],
};

/** Changes of one kind within this time are one event: an outage reaches all caches of all instances. */
const together = 5000;

/** The changes of all caches, newest first. */
export function toldEvents(caches: readonly Pick<CacheSummary, 'name' | 'events'>[]): readonly ToldEvent[] {
  const all = caches
    .flatMap(({ name, events }) => events.map(({ at, event }) => ({ at, event, name })))
    .sort((a, b) => a.at - b.at);
  const found: ToldEvent[] = [];
  for (const { at, event, name } of all) {
    const same = found.findLastIndex((each) => each.event === event && at - each.at <= together);
    const known = found[same];
    const [text, mood] = texts[event] ?? [event, 'idle'];
    if (known === undefined) found.push({ at, caches: [name], event, text, mood });
    else if (!known.caches.includes(name)) found[same] = { ...known, caches: [...known.caches, name] };
  }
  return found.reverse();
}

/** The caches of an event: `products, sessions and 3 more`. */
export function cachesOf({ caches }: ToldEvent): string {
  const shown = caches.slice(0, 3).map(brief).join(', ');
  return caches.length <= 3 ? shown : `${shown} and ${String(caches.length - 3)} more`;
}

/** When Redis went away; undefined if the events do not tell, or it came back since. */
export function awaySince(events: readonly CacheChange[]): number | undefined {
  const last = events
    .filter(({ event }) => event === 'degraded' || event === 'recovered')
    .reduce<CacheChange | undefined>(
      (newest, each) => (newest && newest.at > each.at ? newest : each),
      undefined,
    );
  return last?.event === 'degraded' ? last.at : undefined;
}

/** A mark in a curve: events that fall on nearly the same place are one mark. */
export interface Mark {
  /** 0-1 from the left. */
  readonly place: number;
  readonly mood: Mood;
  readonly events: readonly ToldEvent[];
}

const rank: Readonly<Record<Mood, number>> = { bad: 3, warn: 2, good: 1, idle: 0 };

/** The events within a time, as marks at least `apart` (0-1) from each other. */
export function marks(
  events: readonly ToldEvent[],
  { from, to }: { readonly from: number; readonly to: number },
  apart = 0.012,
): readonly Mark[] {
  const found: Mark[] = [];
  for (const each of [...events].reverse()) {
    const place = (each.at - from) / (to - from);
    if (place < 0 || place > 1) continue;
    const last = found.at(-1);
    if (last === undefined || place - last.place > apart)
      found.push({ place, mood: each.mood, events: [each] });
    else
      found[found.length - 1] = {
        place: last.place,
        mood: rank[each.mood] > rank[last.mood] ? each.mood : last.mood,
        events: [...last.events, each],
      };
  }
  return found;
}
