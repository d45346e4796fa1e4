import { portionSize, Turn } from '../base/turn.js';
import { assertKey } from '../keys/key.js';
import { wholeOf } from '../values/graph.js';
import { assertIterable, assertKeys, assertPair, present } from './call-arguments.js';
import type { Isolation, StoreOptions, Ttl } from './contract/options.js';
import type { Engine } from './engine.js';
import { copyInUnder, copyOut, type StoredForms } from './entry/isolation.js';
import type { Keyspace } from './entry/keyspace.js';
import { storePlan } from './entry/store-plan.js';
import type { BulkCall } from './invalidate/bulk-call.js';
import type { CallOutcome } from './observe/observer.js';
import type { Hit } from './read/lookup.js';

/** `getMany` and `setMany` of a view, where the fast path does not apply: in portions, yielding to the event loop. */
export class BulkCalls {
  readonly #engine: Engine;
  readonly #keyspace: Keyspace;

  constructor(engine: Engine, keyspace: Keyspace) {
    this.#engine = engine;
    this.#keyspace = keyspace;
  }

  // A loop over many keys stands in a method: V8 recompiles a closure with a loop after every full collection.
  async getMany<T>(keys: readonly string[], outcome: CallOutcome): Promise<Map<string, T>> {
    assertKeys(keys);
    const unique = new Set(keys);
    const asked = unique.size === keys.length ? keys : [...unique];
    const found = await this.#engine.lookup.findMany(this.#keyspace, asked);
    const values = new Map<string, T>();
    const turn = new Turn();
    for (let i = 0; i < asked.length; i++) {
      if (i % portionSize === portionSize - 1 && turn.isOver) await turn.next();
      const key = asked[i] as string;
      const hit = found[i];
      if (hit === undefined) outcome.missed(key);
      else {
        outcome.hit(key, hit.tier);
        values.set(key, valueOf(hit, this.#engine.isolation) as T);
      }
    }
    return values;
  }

  async setMany<T>(
    bulk: BulkCall,
    entries: Iterable<readonly [string, T]>,
    options: Ttl | StoreOptions | undefined,
  ): Promise<void> {
    const engine = this.#engine;
    const plan = storePlan(options, engine.defaults);
    const codec = plan.tiers === 'l1' ? undefined : engine.l2?.codec;
    codec?.assertTagsFit(plan.tags);
    const checked = Array.from(assertIterable(entries), (entry) => {
      const [key, value] = assertPair(entry);
      assertKey(key);
      return [key, present(key, value)] as const;
    });
    for (const [key] of checked) this.#engine.writes.exempt(this.#keyspace, key, plan);
    // Copy all values before the first is stored: one that cannot be stored fails the call as a whole.
    const stored: (readonly [string, StoredForms])[] = [];
    const turn = new Turn();
    for (const [key, value] of checked) {
      if (turn.isOver) await turn.next();
      const forms = copyInUnder(key, value, engine, plan);
      codec?.assertFits(forms.snapshot);
      stored.push([key, forms]);
    }
    // Each entry gets its own jitter, so that entries stored together do not expire together.
    const planned = plan.jitter === 0 ? () => plan : () => storePlan(options, engine.defaults);
    await this.#engine.writes.putMany('setMany', this.#keyspace, stored, { bulk, planned });
  }
}

/** The caller's form of a value that was found. */
export function valueOf({ entry, isOwn }: Hit, isolation: Isolation): unknown {
  return isOwn ? wholeOf(entry.value) : copyOut(entry.value, isolation);
}
