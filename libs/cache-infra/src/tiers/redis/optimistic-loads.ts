import type { Cleared, RemoteLoad } from '../remote-tier.js';
import { isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import type { SiblingKeys } from './entry-removals.js';
import { failureKind, isTemporary } from './errors.js';
import type { RedisExecutor, ScriptArguments } from './executor.js';
import type { OwnChange } from './own-changes.js';
import { hiddenClears, loadBaselineScript, storeLoadedScript } from './scripts.js';
import { leastTraceMs } from './tombstones.js';

/** Baselines of one script at most; stores of one script at most, and their bytes at most. */
const batch = { baselines: 32, stores: 16, bytes: 256 * 1024 };
/** Milliseconds between two looks at the key of a running load. */
const lookEveryMs = 2000;
/** Age of the last look, milliseconds, at which traces of a change may have gone meanwhile. */
const unsureAfterMs = leastTraceMs - 4000;
/** Age of the last look by Redis's clock, milliseconds, up to which Redis itself knows that all traces are there. */
const sureForMs = leastTraceMs - 1000;
/** Most attempts to store a value while other keys are being cleared. */
const mostAttempts = 3;
/** Milliseconds for which the answer holds whether Redis evicts keys. */
const evictionKnownMs = 60_000;

/** What Redis held for a key when a load of it began. */
interface Baseline {
  readonly version: Buffer;
  readonly tombstone: Buffer;
  /** The moment of the latest recorded clear, milliseconds as text; '' = none. */
  readonly cleared: string;
  /** Redis's time, milliseconds; undefined = this user may not ask. */
  readonly at: number | undefined;
  /** The connection that brought the answer. The server behind another one may have lost traces. */
  readonly stream: unknown;
}

interface WaitingBaseline {
  readonly redisKey: string;
  readonly resolve: (baseline: Baseline) => void;
  readonly reject: (error: unknown) => void;
}

/** '1' = stored, '0' = the key was changed, 'c' = something was cleared, '' = superseded, and never sent. */
type StoreReply = '1' | '0' | 'c' | '';

interface WaitingStore {
  readonly redisKey: string;
  readonly baseline: Baseline;
  readonly bytes: Buffer;
  readonly ttlMs: number;
  readonly work: { readonly superseded: boolean };
  readonly resolve: (reply: StoreReply) => void;
  readonly reject: (error: unknown) => void;
}

export interface OptimisticLoadsDeps {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly siblings: SiblingKeys;
  /** The sorted set of recorded clears. */
  readonly clearedKey: string;
  /** The clears recorded after a moment. */
  readonly clearedSince: (at: string) => Promise<readonly Cleared[]>;
  /** True if the mark of a clear covers the key. */
  readonly covers: (mark: string, redisKey: string) => boolean;
  /** The server is asked to announce later changes to a stored key. */
  readonly trackWrites: boolean;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
}

/**
 * Loads that write nothing to Redis at their beginning. A load notes what Redis holds for its key (the *baseline*), and
 * its value is stored only if Redis still holds that: a set, a delete and a clear each leave a trace that differs.
 * Baselines and stores of one turn of the event loop go together.
 *
 * Traces must outlast the load. They are kept for `leastTraceMs` at least, and a running load looks at its key more often
 * than that; Redis refuses a value whose last look is older. A server that was restarted, or the replica that replaced
 * it, may lack traces: a value is not stored over another connection than the one of its baseline.
 *
 * Some loads take a guard instead (`LoadGuards`): in a Cluster, where the record of clears is in another slot; where this
 * user may not read that record; and on a server that evicts keys, which may drop a trace earlier, unless the cache is
 * told of every change (an armed channel).
 */
export class OptimisticLoads {
  readonly #deps: OptimisticLoadsDeps;
  #baselines: WaitingBaseline[] = [];
  #stores: WaitingStore[] = [];
  #evicts: boolean | undefined;
  #evictionAskedAt = -Infinity;
  /** This user may not read the record of clears. */
  #hidesClears = false;

  constructor(deps: OptimisticLoadsDeps) {
    this.#deps = deps;
  }

  /** `hearsEverything`: this cache is told of every change of the keys that it read, evictions included. */
  suits(hearsEverything: boolean): boolean {
    if (isCluster(this.#deps.connection.client) || this.#hidesClears) return false;
    if (hearsEverything) return true;
    if (performance.now() - this.#evictionAskedAt > evictionKnownMs) this.learnEviction().catch(ignore);
    return this.#evicts === false;
  }

  /** Asks whether Redis evicts keys when it is full. Where this user may not ask, it is taken to. */
  async learnEviction(): Promise<void> {
    const { connection, executor } = this.#deps;
    this.#evictionAskedAt = performance.now();
    if (isCluster(connection.client)) return;
    try {
      const info = await executor.call('INFO', (client) => client.info('memory'));
      this.#evicts = mayEvict(info);
    } catch (error) {
      this.#evicts = undefined;
      if (isTemporary(failureKind(error))) throw error;
    }
  }

  async begin(redisKey: string): Promise<OptimisticLoad> {
    const asked = performance.now();
    return new OptimisticLoad(this, redisKey, await this.baseline(redisKey), asked);
  }

  baseline(redisKey: string): Promise<Baseline> {
    this.#sendSoon();
    return new Promise((resolve, reject) => {
      this.#baselines.push({ redisKey, resolve, reject });
    });
  }

  /** Looks at the key again. The baseline as of now; undefined = the key was changed since, or may have been. */
  async look(redisKey: string, baseline: Baseline): Promise<Baseline | undefined> {
    const now = await this.baseline(redisKey);
    const stands =
      now.stream === baseline.stream &&
      now.version.equals(baseline.version) &&
      now.tombstone.equals(baseline.tombstone) &&
      (now.cleared === baseline.cleared || (await this.#clearedOthers(redisKey, baseline, now.cleared)));
    return stands ? { ...baseline, at: now.at } : undefined;
  }

  /** Stores a value, unless the key was changed since the baseline. Returns whether it was stored. */
  async store(
    redisKey: string,
    baseline: Baseline,
    entry: Pick<WaitingStore, 'bytes' | 'ttlMs' | 'work'>,
  ): Promise<boolean> {
    let known = baseline;
    if (known.cleared === hiddenClears) return false;
    for (let attempt = 1; ; attempt++) {
      if (known.stream !== this.#stream) return false;
      const reply = await this.#storeOnce(redisKey, known, entry);
      if (reply !== 'c') return reply === '1';
      if (attempt === mostAttempts) return false;
      const now = await this.baseline(redisKey);
      if (!(await this.#clearedOthers(redisKey, known, now.cleared))) return false;
      known = { ...known, cleared: now.cleared };
    }
  }

  /**
   * True if the clears since the baseline cover other keys only. `cleared`: the moment of the latest clear. A record
   * that has gone, or that goes back in time, has forgotten clears.
   */
  async #clearedOthers(redisKey: string, baseline: Baseline, cleared: string): Promise<boolean> {
    if (cleared === '' || cleared === hiddenClears || Number(cleared) < Number(baseline.cleared))
      return false;
    const since = baseline.cleared === '' ? '-inf' : `(${baseline.cleared}`;
    const clears = await this.#deps.clearedSince(since);
    return clears.length > 0 && !clears.some(({ mark }) => this.#deps.covers(mark, redisKey));
  }

  #storeOnce(
    redisKey: string,
    baseline: Baseline,
    { bytes, ttlMs, work }: Pick<WaitingStore, 'bytes' | 'ttlMs' | 'work'>,
  ): Promise<StoreReply> {
    this.#sendSoon();
    return new Promise((resolve, reject) => {
      this.#stores.push({ redisKey, baseline, bytes, ttlMs, work, resolve, reject });
    });
  }

  #sendSoon(): void {
    if (this.#baselines.length === 0 && this.#stores.length === 0) process.nextTick(this.#send);
  }

  readonly #send = (): void => {
    const baselines = this.#baselines;
    const stores = this.#stores;
    this.#baselines = [];
    this.#stores = [];
    this.#sendStores(stores);
    for (let i = 0; i < baselines.length; i += batch.baselines)
      this.#readTogether(
        baselines.length <= batch.baselines ? baselines : baselines.slice(i, i + batch.baselines),
      );
  };

  #sendStores(stores: readonly WaitingStore[]): void {
    let together: WaitingStore[] = [];
    let bytes = 0;
    for (const store of stores) {
      if (store.work.superseded) {
        store.resolve('');
        continue;
      }
      const isFull = together.length === batch.stores || bytes + store.bytes.length > batch.bytes;
      if (isFull && together.length > 0) {
        this.#storeTogether(together);
        together = [];
        bytes = 0;
      }
      together.push(store);
      bytes += store.bytes.length;
    }
    if (together.length > 0) this.#storeTogether(together);
  }

  #readTogether(waiting: readonly WaitingBaseline[]): void {
    const { executor } = this.#deps;
    executor.scriptBuffer('begin load', loadBaselineScript, this.#keysOf(waiting), []).then(
      (reply) => {
        const [latest, moment, ...held] = reply as Buffer[];
        const cleared = String(latest);
        const at = moment?.length === 0 ? undefined : Number(String(moment));
        const stream = this.#stream;
        this.#hidesClears ||= cleared === hiddenClears;
        for (const [i, { resolve }] of waiting.entries()) {
          const version = held[2 * i] as Buffer;
          resolve({ version, tombstone: held[2 * i + 1] as Buffer, cleared, at, stream });
        }
      },
      (error: unknown) => {
        // This user may not read one of the keys: each gets its own answer.
        if (waiting.length > 1 && !isTemporary(failureKind(error))) this.#readApart(waiting);
        else for (const { reject } of waiting) reject(error);
      },
    );
  }

  #readApart(waiting: readonly WaitingBaseline[]): void {
    for (const each of waiting) this.#readTogether([each]);
  }

  #storeTogether(stores: readonly WaitingStore[]): void {
    const { executor, trackWrites, changing } = this.#deps;
    const args: ScriptArguments[number][] = [trackWrites ? '1' : '0'];
    for (const { baseline, bytes, ttlMs } of stores) {
      const { version, tombstone, cleared, at } = baseline;
      args.push(version, tombstone, cleared, at === undefined ? '' : at + sureForMs, bytes, ttlMs);
    }
    const changes = stores.map(({ redisKey }) => changing([redisKey]));
    executor.script('end load', storeLoadedScript, this.#keysOf(stores), args).then(
      (reply) => {
        const flags = String(reply);
        for (const [i, { resolve }] of stores.entries()) {
          const flag = flags[i] as StoreReply;
          if (flag !== '1') changes[i]?.withdraw();
          resolve(flag);
        }
      },
      (error: unknown) => {
        for (const change of changes) change.withdraw();
        // One value may be at fault, or Redis may have room for some: each gets its own answer.
        if (stores.length > 1 && !isTemporary(failureKind(error))) this.#storeApart(stores);
        else for (const { reject } of stores) reject(error);
      },
    );
  }

  #storeApart(stores: readonly WaitingStore[]): void {
    for (const store of stores) this.#sendStores([store]);
  }

  /** The present connection: ioredis makes a new stream for each. */
  get #stream(): unknown {
    const { client } = this.#deps.connection;
    return isCluster(client) ? undefined : client.stream;
  }

  #keysOf(waiting: readonly { readonly redisKey: string }[]): string[] {
    const { clearedKey, siblings } = this.#deps;
    const keys = [clearedKey];
    for (const { redisKey } of waiting) keys.push(redisKey);
    for (const { redisKey } of waiting) keys.push(siblings.tombstoneOf(redisKey));
    return keys;
  }
}

/** A load that compares what Redis holds at its end with its baseline. */
export class OptimisticLoad implements RemoteLoad {
  readonly redisKey: string;
  readonly leased = false;
  readonly renewEveryMs = lookEveryMs;
  ended = false;
  readonly #loads: OptimisticLoads;
  #baseline: Baseline;
  #lookedAt: number;

  constructor(loads: OptimisticLoads, redisKey: string, baseline: Baseline, lookedAt: number) {
    this.#loads = loads;
    this.redisKey = redisKey;
    this.#baseline = baseline;
    this.#lookedAt = lookedAt;
  }

  /** Redis held no entry at the beginning. */
  get foundNothing(): boolean {
    return this.#baseline.version.length === 0;
  }

  renew(): Promise<boolean> {
    return this.isCurrent();
  }

  async isCurrent(): Promise<boolean> {
    const asked = performance.now();
    const baseline = await this.#loads.look(this.redisKey, this.#baseline);
    if (baseline === undefined) return false;
    this.#baseline = baseline;
    this.#lookedAt = asked;
    return true;
  }

  async store(bytes: Buffer, ttlMs: number, work: { readonly superseded: boolean }): Promise<boolean> {
    this.ended = true;
    // The event loop was blocked, or Redis did not answer: a change may have come and left no trace.
    if (performance.now() - this.#lookedAt > unsureAfterMs) return false;
    return this.#loads.store(this.redisKey, this.#baseline, { bytes, ttlMs, work });
  }

  async release(): Promise<void> {
    // Redis does not know of this load.
  }

  async releaseEmpty(): Promise<void> {
    // Redis does not know of this load.
  }
}

/** True if a server with this `INFO memory` evicts keys once it is full, or does not say. */
function mayEvict(info: string): boolean {
  const maxMemory = /^maxmemory:(\d+)/m.exec(info)?.[1];
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  return maxMemory !== '0' && policy !== 'noeviction';
}

function ignore(): void {
  // The next question follows.
}
