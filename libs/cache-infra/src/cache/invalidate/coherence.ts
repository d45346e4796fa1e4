import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { CoherenceChannel } from '../../tiers/coherence/channel.js';
import { guardedKey, tombstoneFor } from '../../tiers/redis/load-guard-key.js';
import type { KeyAliases } from '../entry/key-aliases.js';
import { latestClearKey } from '../entry/keyspace.js';
import type { InFlightWork } from './in-flight-work.js';
import type { KeySignals } from './key-signals.js';

export interface CoherenceDeps {
  readonly keyPrefix: string;
  readonly l1: MemoryTier | undefined;
  readonly aliases: KeyAliases;
  readonly work: InFlightWork;
  readonly keySignals: KeySignals;
}

/** Announces changes of this cache to others, and applies remote changes to the L1 and the work in flight. */
export class Coherence {
  readonly #deps: CoherenceDeps;
  #channel: CoherenceChannel | undefined;
  #announceToNeighbours: ((redisKeys: readonly string[]) => void) | undefined;
  #l1Generation = 0;

  constructor(deps: CoherenceDeps) {
    this.#deps = deps;
  }

  /** The invalidation channel; undefined = this cache receives no remote changes. */
  get channel(): CoherenceChannel | undefined {
    return this.#channel;
  }

  useChannel(channel: CoherenceChannel): void {
    this.#channel = channel;
  }

  /** Announces changes to caches on the same client that use another channel. */
  useNeighbours(announce: (redisKeys: readonly string[]) => void): void {
    this.#announceToNeighbours = announce;
  }

  /** Rises each time the L1 is emptied because it may have missed changes. */
  get l1Generation(): number {
    return this.#l1Generation;
  }

  /** This cache changed keys in Redis. */
  announce(redisKeys: readonly string[]): void {
    this.#channel?.changed(redisKeys);
    if (this.#channel?.reachesNeighbours !== true) this.#announceToNeighbours?.(redisKeys);
  }

  /** Another client changed a key in Redis. */
  onRemoteChange(redisKey: string): void {
    const { keyPrefix, l1, aliases, work, keySignals } = this.#deps;
    if (redisKey === latestClearKey(keyPrefix)) {
      // Another instance cleared a pattern or scope: each load finds out whether that covers its key.
      for (const [, load] of [...work.loads.entries()]) load.guardChangedElsewhere();
      return;
    }
    const guarded = guardedKey(keyPrefix, redisKey) ?? tombstoneFor(keyPrefix, redisKey);
    keySignals.send(guarded ?? redisKey);
    const id = aliases.idOf(guarded ?? redisKey);
    if (id === undefined) return;
    if (guarded !== undefined) {
      work.loads.get(id)?.guardChangedElsewhere();
      return;
    }
    work.remoteChange(id);
    l1?.delete(id);
  }

  /** Another client emptied the server. */
  onRemoteFlush(): void {
    const { l1, work, keySignals } = this.#deps;
    keySignals.sendAll();
    work.remoteFlush();
    l1?.clear();
  }

  /** Empties the L1: it may have missed changes. */
  emptyL1(): void {
    this.#l1Generation++;
    this.#deps.work.l1Emptied();
    this.#deps.l1?.clear();
  }
}
