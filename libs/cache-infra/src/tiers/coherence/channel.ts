import type { OwnChange } from '../redis/own-changes.js';
import type { TagMessage } from '../redis/tag-channel.js';

/**
 * The port between a cache and the transport of its invalidations. A transport tells a {@link ChannelListener} which
 * keys in Redis other clients changed; the cache tells the transport which keys it changes itself. Three transports
 * stand beside this file: client tracking and its broadcast mode (`shared-tracking.ts`), and messages of the caches to
 * each other (`pubsub.ts`). Another one implements {@link CoherenceChannel}, and is opened where these are, in
 * `cache/redis-assembly.ts`.
 */
export interface CoherenceChannel {
  readonly armed: boolean;
  /** True when `changed` reaches every tracked cache on this client. */
  readonly reachesNeighbours: boolean;
  /** True when changes by every client are announced. */
  readonly hearsEverything: boolean;
  /** This cache is about to change these keys, each once and right after reading it: it does not need the echo. */
  changing(redisKeys: readonly string[]): OwnChange;
  /** This cache has changed these keys: announces them to the caches that Redis does not notify. */
  changed(redisKeys: readonly string[]): void;
  close(): void;
}

/** Callbacks for the events of an invalidation channel. */
export interface ChannelListener {
  /** Another client changed these keys. */
  onInvalidate(redisKeys: readonly string[]): void;
  /** The tag table at this key was changed, as `message` says. */
  onTags(tableKey: string, message: TagMessage): void;
  /** All keys were removed (`FLUSHALL`, `FLUSHDB`). */
  onFlush(): void;
  /** The channel is lost: changes may be missed from now on. */
  onLost(reason: string): void;
  /** An attempt to arm the channel failed: changes are missed. The next attempt follows. */
  onUnarmed(reason: string): void;
  /** The channel is armed: no change is missed from now on. Entries read before may be out of date. */
  onArmed(): void;
}
