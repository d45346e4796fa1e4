import { atMost } from '../../base/at-most.js';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { InfrastructureError, LockNotAcquiredError } from '../../base/errors.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import { lockKey } from '../../tiers/redis/neighbour-keys.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { LockedWork } from '../contract/lock.js';
import type { Coherence } from '../invalidate/coherence.js';
import type { KeySignals } from '../invalidate/key-signals.js';
import { HeldLease, type GrantedLease } from './held-lease.js';
import { lockCall, type LockCall } from './lock-call.js';
import { LockQueue } from './lock-queue.js';

/** Pause between two requests for a lease, where no channel announces its end. Milliseconds. */
const pollMs = 100;
/** Pause after the lease of another holder has expired, since its last renewal may be in flight. Milliseconds. */
const takeoverMs = 20;
/** Longest time that `close` waits for the work under locks, whose signals it has aborted. Milliseconds. */
const closeMs = 1000;

export interface LocksDeps {
  readonly name: string;
  readonly keyPrefix: string;
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly clock: Clock;
  readonly coherence: Coherence;
  readonly keySignals: KeySignals;
  readonly lifecycle: Lifecycle;
}

/** A call that waits for its lock, or holds it. */
interface Caller extends LockCall {
  readonly redisKey: string;
  /** Ends the wait, and aborts the signal of the work. */
  readonly stop: AbortController;
  /** `performance.now()` at which the caller gives up. */
  readonly until: number;
}

/**
 * Mutual exclusion by name. The callers of this process queue up; the first of the queue asks Redis for the lease of
 * the lock, and holds the lease while its work runs. In a cache without Redis the place at the head of the queue is the
 * lock.
 *
 * A lock without Redis does not exclude other instances: while Redis is unavailable the call rejects, whatever
 * `onError` says.
 */
export class Locks {
  readonly #deps: LocksDeps;
  readonly #queue = new LockQueue();
  readonly #callers = new Set<AbortController>();
  readonly #working = new Set<Promise<unknown>>();
  #lastToken = 0;

  constructor(deps: LocksDeps) {
    this.#deps = deps;
  }

  /**
   * @throws LockNotAcquiredError when another caller held the lock for the whole wait
   * @throws InfrastructureError when Redis is unavailable, or the cache is disabled
   */
  async run<T>(path: string, name: string, ttl: unknown, work: LockedWork<T>, options: unknown): Promise<T> {
    const { keyPrefix, lifecycle } = this.#deps;
    const call = lockCall(name, ttl, work, options);
    lifecycle.assertOpen();
    this.#assertEnabled();
    call.signal?.throwIfAborted();
    const stop = new AbortController();
    const onAbort = (): void => {
      stop.abort(call.signal?.reason);
    };
    call.signal?.addEventListener('abort', onAbort, { once: true });
    this.#callers.add(stop);
    try {
      const until = performance.now() + call.waitMs;
      const caller = { ...call, redisKey: lockKey(keyPrefix, path, name), stop, until };
      return await this.#inTurn(caller, work);
    } finally {
      this.#callers.delete(stop);
      call.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** The cache closes: rejects the callers that wait, and aborts the signals of the others. */
  close(): void {
    const { lifecycle } = this.#deps;
    for (const stop of this.#callers) stop.abort(lifecycle.closedError());
    if (this.#working.size === 0) return;
    // The leases of works that end soon are released while Redis is still connected.
    lifecycle.untilEnded(atMost(closeMs, Promise.allSettled(this.#working)));
  }

  #assertEnabled(): void {
    const { name, l1, l2 } = this.#deps;
    if (l1 !== undefined || l2 !== undefined) return;
    throw new InfrastructureError(
      `Cache '${name}' is disabled: it has no connection to Redis, so a lock would exclude no other instance`,
    );
  }

  async #inTurn<T>(caller: Caller, work: LockedWork<T>): Promise<T> {
    const { redisKey, stop, waitMs, name } = caller;
    const hasEntered = await this.#queue.enter(redisKey, waitMs, stop.signal);
    if (!hasEntered) throw new LockNotAcquiredError(name, waitMs);
    try {
      const lease = this.#deps.l2 === undefined ? undefined : await this.#acquire(this.#deps.l2, caller);
      const working = this.#work(caller, lease, work);
      this.#working.add(working);
      try {
        return await working;
      } finally {
        this.#working.delete(working);
      }
    } finally {
      this.#queue.leave(redisKey);
    }
  }

  async #work<T>(caller: Caller, lease: GrantedLease | undefined, work: LockedWork<T>): Promise<T> {
    const { signal } = caller.stop;
    if (lease === undefined) {
      signal.throwIfAborted();
      return await work({ token: this.#nextToken(), signal });
    }
    const { l2 } = this.#deps;
    const held = new HeldLease((l2 as RemoteTier).leases, lease, (error) => {
      caller.stop.abort(error);
    });
    try {
      signal.throwIfAborted();
      return await work({ token: lease.token, signal });
    } finally {
      held.end();
      await this.#release(lease);
    }
  }

  /** Waits until Redis grants the lease. */
  async #acquire(l2: RemoteTier, caller: Caller): Promise<GrantedLease> {
    const { redisKey, stop, until, waitMs, leaseMs, name } = caller;
    const { keySignals, coherence } = this.#deps;
    const changes = keySignals.listen(redisKey);
    const holder = randomBytes(12).toString('base64url');
    try {
      for (;;) {
        stop.signal.throwIfAborted();
        const askedAt = performance.now();
        const answer = await this.#ask(l2, redisKey, holder, leaseMs);
        if ('token' in answer) {
          const lease = { name, redisKey, holder, leaseMs, askedAt, token: answer.token };
          // The answer may come after the lease has ended.
          if (!stop.signal.aborted && performance.now() < askedAt + leaseMs) return lease;
          await this.#release(lease);
          continue;
        }
        const leftMs = until - performance.now();
        if (leftMs <= 0) throw new LockNotAcquiredError(name, waitMs);
        const isAnnounced = coherence.channel?.armed === true;
        const pauseMs = isAnnounced ? answer.leftMs + takeoverMs : Math.min(answer.leftMs, pollMs);
        await changes.received(Math.min(pauseMs, leftMs), stop.signal);
        changes.reset();
      }
    } finally {
      changes.stop();
    }
  }

  async #ask(l2: RemoteTier, redisKey: string, holder: string, leaseMs: number): ReturnType<Acquire> {
    try {
      return await l2.leases.acquire(redisKey, holder, leaseMs);
    } catch (error) {
      // Redis may have granted the lease before its answer was lost.
      l2.leases.release(redisKey, holder).catch(ignore);
      throw error;
    }
  }

  async #release({ redisKey, holder }: GrantedLease): Promise<void> {
    const { l2, coherence } = this.#deps;
    try {
      const isReleased = await l2?.leases.release(redisKey, holder);
      if (isReleased === true) coherence.announce([redisKey]);
    } catch {
      // The lease ends by itself.
    }
  }

  /** A token of this process: the clock in microseconds, so that tokens grow after a restart, too. */
  #nextToken(): number {
    this.#lastToken = Math.max(Math.floor(this.#deps.clock.now() * 1000), this.#lastToken + 1);
    return this.#lastToken;
  }
}

type Acquire = RemoteTier['leases']['acquire'];

function ignore(): void {
  // The lease ends by itself.
}
