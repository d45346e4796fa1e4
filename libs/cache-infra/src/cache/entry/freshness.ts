import type { L1Entry } from '../../tiers/memory/l1-entry.js';

/** `fresh`: within its ttl. `stale`: past its ttl, within its grace. `dead`: past both, or invalidated by a tag. */
export type EntryState = 'fresh' | 'stale' | 'dead';

/** Whether a tag of an entry was invalidated, or expired, after its value was made. */
export type TagState = 'valid' | 'expired' | 'invalid';

/** Tells the state of the tags of an entry. */
export interface TagStates {
  of(tags: readonly string[], epoch: number): TagState;
}

/**
 * The state of an entry at a moment. This is the one rule; the fast path of an L1 hit inlines it for entries that are
 * fresh, and a property test holds that path to this function.
 *
 * | ttl     | grace  | a tag was   | state |
 * | ------- | ------ | ----------- | ----- |
 * | running | any    | neither     | fresh |
 * | running | some   | expired     | stale |
 * | running | none   | expired     | dead  |
 * | over    | running| not invalid | stale |
 * | over    | over   | any         | dead  |
 * | any     | any    | invalidated | dead  |
 *
 * @param now milliseconds since the epoch, by the clock that the entry's times are given in
 */
export function stateOf(
  entry: Pick<L1Entry, 'expiresAt' | 'staleUntil' | 'detail'>,
  now: number,
  tags: TagStates,
): EntryState {
  if (now >= entry.staleUntil) return 'dead';
  const { detail } = entry;
  if (detail !== undefined) {
    const state = tags.of(detail.tags, detail.tagEpoch);
    if (state === 'invalid') return 'dead';
    if (state === 'expired') return hasGrace(entry) ? 'stale' : 'dead';
  }
  return now < entry.expiresAt ? 'fresh' : 'stale';
}

/** True if the entry outlives its ttl. An entry that never expires has no grace. */
export function hasGrace({ staleUntil, expiresAt }: Pick<L1Entry, 'expiresAt' | 'staleUntil'>): boolean {
  return staleUntil !== expiresAt && staleUntil !== Infinity;
}
