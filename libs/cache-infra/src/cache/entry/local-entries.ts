import type { Clock } from '../../base/clock.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { isOfVersion, type VersionRule } from './entry-version.js';
import { stateOf, type EntryState, type TagState, type TagStates } from './freshness.js';
import { refreshTime, undecided, withRefresh } from './l1-entries.js';
import type { StorePlan } from './store-plan.js';
import type { TagTable } from './tag-table.js';

/** The tag table of this process, and whether it is in step with Redis. */
export interface KnownTags {
  readonly table: TagTable;
  /** The table may lack invalidations made by other instances. */
  readonly stale: boolean;
}

export interface LocalEntriesDeps {
  readonly l1: MemoryTier | undefined;
  readonly clock: Clock;
  readonly tags: KnownTags;
  readonly onOtherVersion: () => void;
  /** The cache's own version of values; 0 = none. */
  readonly version: number;
}

/** The L1 under the rule of freshness ({@link stateOf}). A look at a dead entry removes it. */
export class LocalEntries {
  readonly #deps: LocalEntriesDeps;
  readonly #own: VersionRule;
  #carriesTtl = false;

  constructor(deps: LocalEntriesDeps) {
    this.#deps = deps;
    this.#own = { version: deps.version, otherVersion: undefined };
  }

  /** True if L1 entries carry their ttl: a refresh ahead is decided by it. */
  get carriesTtl(): boolean {
    return this.#carriesTtl;
  }

  /** Call it when a call asks for a refresh ahead: later entries carry their ttl. */
  carryTtl(): void {
    this.#carriesTtl = true;
  }

  /** By the clock and the tag table of this process. */
  stateOf(entry: L1Entry): EntryState {
    const { clock, tags } = this.#deps;
    return stateOf(entry, clock.now(), entry.detail === undefined ? anyTags : new CheckedOnce(entry, tags));
  }

  /** True if the entry is of the version that a call asks for; default: of the cache's own. Counts one that is not. */
  suits(entry: L1Entry, rule: VersionRule = this.#own): boolean {
    if (isOfVersion(entry, rule)) return true;
    this.#deps.onOtherVersion();
    return false;
  }

  /** The fresh entry of a key. `rule`: default is the cache's own version. */
  fresh(id: string, rule?: VersionRule): L1Entry | undefined {
    const entry = this.#deps.l1?.get(id);
    if (entry === undefined) return undefined;
    const state = this.stateOf(entry);
    if (state === 'dead') this.#deps.l1?.delete(id);
    return state === 'fresh' && this.suits(entry, rule) ? entry : undefined;
  }

  /** The stale entry of a key. */
  stale(id: string, rule: VersionRule): L1Entry | undefined {
    const entry = this.#deps.l1?.get(id);
    if (entry === undefined || this.stateOf(entry) !== 'stale') return undefined;
    return this.suits(entry, rule) ? entry : undefined;
  }

  /** True while the ttl runs. Ignores tags. */
  isWithinTtl(entry: L1Entry): boolean {
    return this.#deps.clock.now() < entry.expiresAt;
  }

  /** The entry has tags, and another instance may have invalidated one of them. */
  needsTagCheck(entry: L1Entry): boolean {
    return this.#deps.tags.stale && hasTags(entry);
  }

  /** True if this hit must start a refresh. Marks the entry, so that other hits don't until the refresh has ended. */
  isRefreshDue(id: string, entry: L1Entry, plan: StorePlan): boolean {
    const { clock, l1 } = this.#deps;
    const { ttlMs = plan.ttlMs, refreshAt = undecided } = entry.detail ?? {};
    const due = refreshAt === undecided ? refreshTime(entry.endsAt, ttlMs, plan.refreshAhead) : refreshAt;
    const isDue = clock.now() >= due;
    if (isDue || refreshAt === undecided) l1?.set(id, withRefresh(entry, ttlMs, isDue ? Infinity : due));
    return isDue;
  }

  /** A refresh has failed: hits do not start another before `until`, milliseconds since the epoch. */
  postponeRefresh(id: string, until: number): void {
    const { l1 } = this.#deps;
    const entry = l1?.get(id);
    if (entry?.detail === undefined || !this.isWithinTtl(entry)) return;
    l1?.set(id, withRefresh(entry, entry.detail.ttlMs, until));
  }
}

export function hasTags({ detail }: L1Entry): boolean {
  return detail !== undefined && detail.tags.length > 0;
}

const anyTags: TagStates = { of: () => 'valid' };

/** Checks an entry once for each version of the tag table. */
class CheckedOnce implements TagStates {
  readonly #entry: L1Entry;
  readonly #tags: KnownTags;

  constructor(entry: L1Entry, tags: KnownTags) {
    this.#entry = entry;
    this.#tags = tags;
  }

  of(tags: readonly string[], epoch: number): TagState {
    const { table, stale } = this.#tags;
    const { detail } = this.#entry;
    if (detail === undefined || detail.checkedVersion === table.version) return 'valid';
    const state = table.of(tags, epoch);
    if (state !== 'valid') return state;
    // Until the table is in step with Redis, the result holds for this look only.
    if (!stale) detail.checkedVersion = table.version;
    return 'valid';
  }
}
