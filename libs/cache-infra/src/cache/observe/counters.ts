import type { TruthStats } from '../contract/truth.js';
import type { CacheStats, CompressionStats, JournalStats } from '../contract/stats.js';

/** The counters of a cache. Each event has a method; a count costs one addition. */
export class Counters {
  #l1Hits = 0;
  #l1Misses = 0;
  #l1Sets = 0;
  #l1Deletes = 0;
  #l2Hits = 0;
  #l2Misses = 0;
  #l2Sets = 0;
  #l2Deletes = 0;
  #l2Errors = 0;
  #misses = 0;
  #sets = 0;
  #deletes = 0;
  #loads = 0;
  #loadErrors = 0;
  #notStored = 0;
  #lagging = 0;
  #notModified = 0;
  #otherVersion = 0;
  #schemaMisses = 0;
  #coalesced = 0;
  #staleHits = 0;
  #refreshes = 0;
  #evictions = 0;
  #tooLarge = 0;
  #corrupt = 0;

  hitL1(count = 1): void {
    this.#l1Hits += count;
  }

  hitL2(): void {
    this.#l2Hits++;
  }

  missedL1(count = 1): void {
    this.#l1Misses += count;
  }

  missedL2(count = 1): void {
    this.#l2Misses += count;
  }

  /** Keys that no tier holds. */
  missed(count = 1): void {
    this.#misses += count;
  }

  /** A value is in the tiers of its plan. */
  stored(): void {
    this.#sets++;
  }

  storedL1(): void {
    this.#l1Sets++;
  }

  storedL2(): void {
    this.#l2Sets++;
  }

  /** A call deleted this many keys. */
  deleted(count: number): void {
    this.#deletes += count;
  }

  deletedL1(count = 1): void {
    this.#l1Deletes += count;
  }

  deletedL2(count: number): void {
    this.#l2Deletes += count;
  }

  failedL2(): void {
    this.#l2Errors++;
  }

  loadStarted(): void {
    this.#loads++;
  }

  loadFailed(): void {
    this.#loadErrors++;
  }

  /** No tier can store a loaded value. */
  loadedUnstorable(): void {
    this.#notStored++;
  }

  missedBySchema(): void {
    this.#schemaMisses++;
  }

  foundOtherVersion(): void {
    this.#otherVersion++;
  }

  renewed(): void {
    this.#notModified++;
  }

  loadedInLag(): void {
    this.#lagging++;
  }

  /** A call joined a load in flight. */
  joinedLoad(): void {
    this.#coalesced++;
  }

  servedStale(): void {
    this.#staleHits++;
  }

  refreshStarted(): void {
    this.#refreshes++;
  }

  evicted(): void {
    this.#evictions++;
  }

  /** A value was too large for the L1. */
  wasTooLarge(): void {
    this.#tooLarge++;
  }

  foundCorrupt(): void {
    this.#corrupt++;
  }

  get evictions(): number {
    return this.#evictions;
  }

  get l1Hits(): number {
    return this.#l1Hits;
  }

  snapshot(
    name: string,
    l1: { readonly size: number; readonly bytes: number },
    compression: CompressionStats,
    journal: JournalStats,
    truth: TruthStats,
  ): CacheStats {
    const hits = this.#l1Hits + this.#l2Hits;
    const asked = hits + this.#misses;
    return {
      name,
      hits,
      misses: this.#misses,
      sets: this.#sets,
      deletes: this.#deletes,
      errors: this.#l2Errors,
      loads: this.#loads,
      loadErrors: this.#loadErrors,
      notStored: this.#notStored,
      schemaMisses: this.#schemaMisses,
      otherVersion: this.#otherVersion,
      notModified: this.#notModified,
      lagging: this.#lagging,
      coalesced: this.#coalesced,
      staleHits: this.#staleHits,
      refreshes: this.#refreshes,
      evictions: this.#evictions,
      tooLarge: this.#tooLarge,
      corrupt: this.#corrupt,
      hitRatio: asked === 0 ? 0 : hits / asked,
      size: l1.size,
      bytes: l1.bytes,
      truth,
      compression: { ...compression },
      journal,
      l1: {
        hits: this.#l1Hits,
        misses: this.#l1Misses,
        sets: this.#l1Sets,
        deletes: this.#l1Deletes,
        errors: 0,
      },
      l2: {
        hits: this.#l2Hits,
        misses: this.#l2Misses,
        sets: this.#l2Sets,
        deletes: this.#l2Deletes,
        errors: this.#l2Errors,
      },
    };
  }
}
