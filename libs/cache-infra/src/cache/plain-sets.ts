import { portionSize } from '../base/turn.js';
import { assertKey } from '../keys/key.js';
import { assertPair, present } from './call-arguments.js';
import type { Engine } from './engine.js';
import { copyInUnder } from './entry/isolation.js';
import type { Keyspace } from './entry/keyspace.js';

/**
 * The fast path of the sets of a view: a value for the L1 alone, with the defaults or a ttl in seconds. The caller asks
 * `Engine.mayStorePlainly` first.
 */
export class PlainSets {
  readonly #engine: Engine;
  readonly #keyspace: Keyspace;

  constructor(engine: Engine, keyspace: Keyspace) {
    this.#engine = engine;
    this.#keyspace = keyspace;
  }

  /** False = take the measured path. */
  set(key: string, value: unknown, ttl: number | undefined): boolean {
    const { clock } = this.#engine;
    const ttlMs = this.#ttlMs(ttl);
    if (ttlMs === undefined) return false;
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return false;
    assertKey(key);
    const stored = this.#storedForm(key, value);
    const until = ttlMs === 0 ? Infinity : clock.now() + ttlMs;
    this.#engine.writes.putPlain(this.#keyspace.id(key), stored, until);
    return true;
  }

  /** False = take the measured path. One entry that cannot be stored fails the call as a whole. */
  setMany(entries: unknown, ttl: number | undefined): boolean {
    if (!Array.isArray(entries) || entries.length > portionSize) return false;
    const ttlMs = this.#ttlMs(ttl);
    if (ttlMs === undefined) return false;
    const stored = new Array<unknown>(entries.length);
    for (let i = 0; i < entries.length; i++) {
      const [key, value] = assertPair(entries[i] as [string, unknown]);
      assertKey(key);
      stored[i] = this.#storedForm(key, present(key, value));
    }
    const { clock, writes } = this.#engine;
    const until = ttlMs === 0 ? Infinity : clock.now() + ttlMs;
    for (let i = 0; i < entries.length; i++) {
      const [key] = entries[i] as [string, unknown];
      writes.putPlain(this.#keyspace.id(key), stored[i], until);
    }
    return true;
  }

  /** Milliseconds; undefined = the measured path validates it. */
  #ttlMs(ttl: number | undefined): number | undefined {
    if (ttl === undefined) return this.#engine.defaults.ttlMs;
    return Number.isInteger(ttl) && ttl >= 0 && ttl <= maxPlainTtl ? ttl * 1000 : undefined;
  }

  /** The form of a value that the L1 stores, in a cache without an L2. */
  #storedForm(key: string, value: unknown): unknown {
    const isPrimitive =
      value === null ||
      (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol');
    if (isPrimitive) return value;
    const { defaults } = this.#engine;
    return copyInUnder(key, value, this.#engine, { value: defaults.value, tiers: 'both' }).value;
  }
}

/** Seconds. A longer ttl takes the measured path, which validates it. */
const maxPlainTtl = 365 * 24 * 3600;
