import { isDeepStrictEqual } from 'node:util';

import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import { wholeOf } from '../../values/graph.js';
import type { LoadContext, Loader } from '../contract/options.js';
import type { UntruthCause } from '../contract/truth.js';
import { copyIn } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { LoadPlan } from '../entry/store-plan.js';
import type { TruthMeter } from '../observe/truth-meter.js';
import { noStaleValue } from './load-decisions.js';
import type { LoadDeps } from './load-deps.js';

/** A loader that takes longer says nothing. Milliseconds; `hardTimeout` applies where it is shorter. */
const limitMs = 30_000;
/** Verifications at a time. */
const mostAtOnce = 4;

/** A hit, and the call that it answered. */
export interface AnsweredHit {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly entry: L1Entry;
  readonly tier: 'l1' | 'l2';
  readonly loader: Loader<unknown, unknown>;
  readonly plan: LoadPlan;
}

/** The value that the loader makes now, in its stored form; `nothing` = it says nothing. */
const nothing = Symbol('nothing');

/**
 * Verifies hits after they were answered: the loader runs again, and its value is compared with the one that was
 * served. Nothing is stored. A value that differs is looked at again after `settleMs`, since a writer changes the
 * origin a moment before it invalidates: an entry that has gone by then was not wrong.
 */
export class Verification {
  readonly #deps: LoadDeps;
  readonly #truth: TruthMeter;
  readonly #settleMs: number;
  readonly #running = new Set<string>();

  constructor(deps: LoadDeps, truth: TruthMeter, settleMs: number) {
    this.#deps = deps;
    this.#truth = truth;
    this.#settleMs = settleMs;
  }

  /** Verifies the hit in the background, if there is room. Never throws. */
  begin(hit: AnsweredHit): void {
    const id = hit.keyspace.id(hit.key);
    const { clock, lifecycle } = this.#deps;
    const hasRoom = !this.#running.has(id) && this.#running.size < mostAtOnce;
    if (!hasRoom || lifecycle.closed || !this.#truth.admits(clock.now())) {
      this.#truth.skipped();
      return;
    }
    this.#running.add(id);
    // After this turn of the event loop: the caller gets its answer first.
    setImmediate(() => {
      void this.#run(hit, id).finally(() => {
        this.#running.delete(id);
      });
    });
  }

  async #run(hit: AnsweredHit, id: string): Promise<void> {
    try {
      const made = await this.#made(hit);
      if (made === nothing) this.#truth.wasInconclusive();
      else if (isDeepStrictEqual(made, wholeOf(hit.entry.value))) this.#truth.wasTrue();
      else await this.#judge(hit, id);
    } catch {
      this.#truth.wasInconclusive();
    }
  }

  async #made({ key, loader, plan }: AnsweredHit): Promise<unknown> {
    const ms = Math.min(plan.hardTimeoutMs ?? limitMs, limitMs);
    const context = new VerifyingContext(key, AbortSignal.timeout(ms));
    const value = await Promise.race([loader(context), aborted(context.signal)]);
    if (context.isSkipped) return nothing;
    // A loader without a value now: what was served is no longer true.
    return value === undefined ? undefined : wholeOf(copyIn(value, this.#deps, plan).snapshot.value);
  }

  /** The loader made another value than the one that was served. */
  async #judge(hit: AnsweredHit, id: string): Promise<void> {
    await pause(this.#settleMs);
    const cause = this.#deps.lifecycle.closed ? undefined : await this.#causeOf(hit, id);
    if (cause === undefined) {
      this.#truth.wasInconclusive();
      return;
    }
    const ageMs = this.#ageOf(hit);
    this.#truth.wasUntrue(cause, ageMs);
    // A value that an invalidation should have removed is not served again.
    if (cause !== 'ttl') this.#deps.l1?.delete(id);
    this.#deps.emitter.emit('untrue', { key: hit.key, cause, ageMs });
  }

  /** Why the served value is still there; undefined = it was changed or removed meanwhile. */
  async #causeOf(hit: AnsweredHit, id: string): Promise<UntruthCause | undefined> {
    const { l1, l2, entries, tags } = this.#deps;
    const { entry } = hit;
    if (hit.tier === 'l1') {
      const held = l1?.peek(id);
      const isServed = held !== undefined && held.value === entry.value;
      if (!isServed || entries.stateOf(held) !== 'fresh') return undefined;
    }
    if (l2 === undefined) return 'ttl';
    if (entry.detail !== undefined && entry.detail.tags.length > 0) {
      await tags.pull();
      if (!tags.table.isValid(entry.detail.tags, entry.detail.tagEpoch))
        return hit.tier === 'l1' ? 'tag' : undefined;
    }
    return this.#causeInRedis(l2, hit);
  }

  async #causeInRedis(l2: RemoteTier, hit: AnsweredHit): Promise<UntruthCause | undefined> {
    const redisKey = hit.keyspace.redisKey(hit.key);
    const stored = await l2.read(redisKey);
    const isServed =
      stored !== undefined && isDeepStrictEqual(wholeOf(stored.value), wholeOf(hit.entry.value));
    if (isServed) return 'ttl';
    if (hit.tier === 'l2') return undefined;
    if (stored !== undefined) return 'writer';
    const storedAt = this.#storedAt(hit);
    if (storedAt === undefined) return 'ttl';
    return (await l2.lateChanges.removedSince(redisKey, l2.clock.of(storedAt))) ? 'key' : 'ttl';
  }

  /** Milliseconds since the value was stored; undefined = unknown, since it never expires. */
  #ageOf(hit: AnsweredHit): number | undefined {
    const storedAt = this.#storedAt(hit);
    return storedAt === undefined ? undefined : Math.max(0, this.#deps.clock.now() - storedAt);
  }

  #storedAt({ entry, plan }: AnsweredHit): number | undefined {
    const ttlMs = entry.detail?.ttlMs ?? plan.ttlMs;
    return ttlMs === 0 || entry.endsAt === Infinity ? undefined : entry.endsAt - ttlMs;
  }
}

/** The context of a loader whose value is only compared. */
class VerifyingContext implements LoadContext {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly stale = undefined;
  isSkipped = false;

  constructor(key: string, signal: AbortSignal) {
    this.key = key;
    this.signal = signal;
  }

  readonly ttl = (): void => {
    // Nothing is stored.
  };

  readonly tags = (): void => {
    // Nothing is stored.
  };

  readonly notModified = (): never => {
    throw noStaleValue();
  };

  readonly skipStore = (): void => {
    this.isSkipped = true;
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
