import { InfrastructureError } from '../../base/errors.js';
import type { EntryWrite } from '../remote-tier.js';
import { integerOf, isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import { failureKind, isTemporary } from './errors.js';
import { unwanted, type RedisExecutor, type ScriptArguments } from './executor.js';
import type { OwnChange } from './own-changes.js';
import { setScript } from './scripts.js';
import type { ServerClock } from './server-clock.js';
import { isShortLived, traceMs, uniqueText } from './tombstones.js';

/**
 * Writes of one script at most, and their bytes at most. A script blocks Redis while it runs, and several small ones
 * overlap: this process handles the replies to some while Redis runs the next.
 */
const writeBatch = { count: 16, bytes: 256 * 1024 };
/** Attempts at a write that Redis refuses as too late: its time was not known well, or it had a long queue. */
const mostAttempts = 3;

export interface WriteBatchesDeps {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly clock: ServerClock;
  readonly tombstoneOf: (redisKey: string) => string;
  /** Milliseconds that a set may be replayed. */
  readonly horizonMs: number;
  /** The server is asked to announce later changes to a written key. */
  readonly trackWrites: boolean;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
}

/**
 * Collects the writes of one turn of the event loop, and sends them as scripts of several writes.
 *
 * A write that fails here is replayed from the journal later. So it must not take effect later by itself: by a client
 * that sends it again after a reconnect, or by a connection whose last bytes arrive after the command was given up.
 * Therefore each script carries a deadline by Redis's clock, after which it stores nothing.
 */
export class WriteBatches {
  readonly #deps: WriteBatchesDeps;
  #waiting: EntryWrite[] = [];

  constructor(deps: WriteBatchesDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** A full batch is sent at once: Redis works on it while the next writes are encoded. The others wait for `send`. */
  add(write: EntryWrite): void {
    this.#waiting.push(write);
    if (this.#waiting.length === writeBatch.count) this.send({ alone: true });
  }

  /** Sends the waiting writes; false when none waits. `alone`: without waiting for other commands of this turn. */
  send({ alone = false } = {}): boolean {
    const writes = this.#waiting;
    if (writes.length === 0) return false;
    this.#waiting = [];
    // In a Cluster a script may touch one slot only.
    const count = isCluster(this.#deps.connection.client) ? 1 : writeBatch.count;
    let batch: EntryWrite[] = [];
    let bytes = 0;
    for (const write of writes) {
      if (write.superseded) {
        write.written(false);
        continue;
      }
      if (batch.length === count || (batch.length > 0 && bytes + write.bytes.length > writeBatch.bytes)) {
        this.#writeTogether(batch, { alone });
        batch = [];
        bytes = 0;
      }
      batch.push(write);
      bytes += write.bytes.length;
    }
    if (batch.length > 0) this.#writeTogether(batch, { alone });
    return true;
  }

  #writeTogether(writes: readonly EntryWrite[], { attempt = 1, alone = false } = {}): void {
    const { executor, trackWrites, changing, tombstoneOf, horizonMs } = this.#deps;
    const redisKeys = writes.map(({ redisKey }) => redisKey);
    const keys = [...redisKeys];
    for (const { guard } of writes) keys.push(guard);
    for (const { redisKey, ttlMs } of writes) if (isShortLived(ttlMs)) keys.push(tombstoneOf(redisKey));
    // The deadline is computed when the script is sent, which is after it has waited for its turn.
    const args: ScriptArguments[number][] = [
      ...[this.#deadline, trackWrites ? '1' : '0', writes.length, traceMs(horizonMs), uniqueText()],
    ];
    for (const { bytes, ttlMs } of writes) args.push(bytes, ttlMs);
    const isWanted = (): boolean => writes.every(({ superseded }) => !superseded);
    const change = changing(redisKeys);
    executor.script('SET', setScript, keys, args, { isWanted, alone }).then(
      (reply) => {
        if (reply === unwanted || integerOf(reply) === 0) change.withdraw();
        if (reply === unwanted) this.#writeApart(writes);
        else if (integerOf(reply) === 0) this.#writeAgain(writes, attempt);
        else for (const write of writes) write.written(true);
      },
      (error: unknown) => {
        change.withdraw();
        // One write may be at fault, or Redis may have room for some: each write gets its own answer.
        if (writes.length > 1 && !isTemporary(failureKind(error))) this.#writeApart(writes);
        else for (const write of writes) write.refused(error);
      },
    );
  }

  /**
   * The moment by Redis's clock until which a script sent now may store; 0 = no deadline, where this user may not ask
   * for Redis's time. The error of the clock is added.
   */
  readonly #deadline = (): number => {
    const { clock, executor } = this.#deps;
    if (clock.isRefused) return 0;
    clock.improve();
    return Math.floor(clock.now() + latestMs(executor.commandTimeoutMs) + clock.errorMs);
  };

  /** Redis has stored nothing: the script arrived after its deadline, or the estimate of Redis's clock is wrong. */
  #writeAgain(writes: readonly EntryWrite[], attempt: number): void {
    const giveUp = (error: unknown): void => {
      for (const write of writes) write.refused(error);
    };
    this.#deps.clock.doubt().then(() => {
      if (attempt === mostAttempts) giveUp(tooLate());
      else if (writes.some(({ superseded }) => superseded)) this.#writeApart(writes);
      else this.#writeTogether(writes, { attempt: attempt + 1 });
    }, giveUp);
  }

  #writeApart(writes: readonly EntryWrite[]): void {
    for (const write of writes) {
      if (write.superseded) write.written(false);
      else this.#writeTogether([write]);
    }
  }
}

/**
 * Milliseconds after sending in which a write may take effect: a little less than the command timeout, for the error of
 * the clock.
 */
function latestMs(commandTimeoutMs: number): number {
  return Math.max(commandTimeoutMs / 2, commandTimeoutMs - 20);
}

function tooLate(): InfrastructureError {
  const details = { kind: 'timeout' };
  return new InfrastructureError('Redis command failed (SET): it reached Redis after its deadline', {
    details,
  });
}
