import type { ChannelListener } from '../../tiers/coherence/channel.js';
import { markedEpoch, type TagMessage } from '../../tiers/redis/tag-channel.js';
import type { CoherenceLog } from '../observe/coherence-log.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { Coherence } from './coherence.js';
import type { TagSync } from './tag-sync.js';

export interface RemoteChangesDeps {
  readonly tags: TagSync;
  readonly coherence: Coherence;
  readonly emitter: CacheEmitter;
  readonly log: CoherenceLog | undefined;
  readonly tagTableKey: string;
  /** False while Redis itself is unavailable, which has a log line of its own. */
  readonly isRedisReady: () => boolean;
}

/**
 * What a cache does with the events of its invalidation channel:
 *
 * | event                        | tag table           | L1               |
 * | ---------------------------- | ------------------- | ---------------- |
 * | a key was changed            | as the message says | loses the entry  |
 * | the server was emptied       | must be asked       | emptied          |
 * | the channel is lost          | must be asked       | emptied          |
 * | the channel is armed (again) | the messages do     | emptied          |
 *
 * The L1 is emptied when the channel is lost, since changes may be missed from then on; and when it is armed, since
 * Redis does not track keys that were read before.
 */
export class RemoteChanges implements ChannelListener {
  readonly #deps: RemoteChangesDeps;
  #isLost = false;

  constructor(deps: RemoteChangesDeps) {
    this.#deps = deps;
  }

  onInvalidate(redisKeys: readonly string[]): void {
    const { tags, coherence, tagTableKey } = this.#deps;
    for (const redisKey of redisKeys) {
      if (redisKey === tagTableKey) tags.onEpoch(markedEpoch(tagTableKey, redisKeys) ?? Infinity);
      else coherence.onRemoteChange(redisKey);
    }
  }

  onTags(_tableKey: string, message: TagMessage): void {
    this.#deps.tags.onMessage(message);
  }

  onFlush(): void {
    const { tags, coherence } = this.#deps;
    tags.onChange();
    coherence.onRemoteFlush();
  }

  onLost(reason: string): void {
    const { tags, coherence, emitter } = this.#deps;
    this.#isLost = true;
    tags.onChannel(false);
    coherence.emptyL1();
    this.onUnarmed(reason);
    emitter.emit('coherenceLost', { reason });
  }

  onUnarmed(reason: string): void {
    if (this.#deps.isRedisReady()) this.#deps.log?.lost(reason);
  }

  onArmed(): void {
    const { tags, coherence, emitter, log } = this.#deps;
    tags.onChannel(true);
    coherence.emptyL1();
    if (!this.#isLost) return;
    this.#isLost = false;
    log?.restored();
    emitter.emit('coherenceRestored', {});
  }
}
