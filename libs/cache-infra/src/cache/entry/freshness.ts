import type { L1Entry } from '../../tiers/memory/l1-entry.js';

/** `fresh`: within its ttl. `stale`: past its ttl, within its grace. `dead`: past both, or invalidated by a tag. */
export type EntryState = 'fresh' | 'stale' | 'dead';

/** Tells whether the tags of an entry were invalidated after its value was made. */
export interface TagValidity {
  isValid(tags: readonly string[], epoch: number): boolean;
}

/**
 * The state of an entry at a moment. This is the one rule; the fast path of an L1 hit inlines it for entries that are
 * fresh, and a property test holds that path to this function.
 *
 * | ttl     | grace  | a tag was invalidated | state |
 * | ------- | ------ | --------------------- | ----- |
 * | running | any    | no                    | fresh |
 * | over    | running| no                    | stale |
 * | over    | over   | no                    | dead  |
 * | any     | any    | yes                   | dead  |
 *
 * @param now milliseconds since the epoch, by the clock that the entry's times are given in
 */
export function stateOf(
  entry: Pick<L1Entry, 'expiresAt' | 'staleUntil' | 'detail'>,
  now: number,
  tags: TagValidity,
): EntryState {
  if (now >= entry.staleUntil) return 'dead';
  const { detail } = entry;
  if (detail !== undefined && !tags.isValid(detail.tags, detail.tagEpoch)) return 'dead';
  return now < entry.expiresAt ? 'fresh' : 'stale';
}
