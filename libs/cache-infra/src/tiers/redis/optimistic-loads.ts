import type { BaselineRequest, Cleared, RemoteLoad } from '../remote-tier.js';
import { isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import type { SiblingKeys } from './entry-removals.js';
import { failureKind, isTemporary } from './errors.js';
import type { RedisExecutor, ScriptArguments } from './executor.js';
import type { OwnChange } from './own-changes.js';
import { loadBaselineScript, storeLoadedScript } from './scripts.js';
import type { ServerClock } from './server-clock.js';
import { leastTraceMs } from './tombstones.js';

/** Baselines of one script at most; stores of one script at most, and their bytes at most. */
const batch = { baselines: 32, stores: 16, bytes: 256 * 1024 };
/** Age of the last look, milliseconds, at which traces of a change may have gone meanwhile. */
const unsureAfterMs = leastTraceMs - 4000;
/** Age of the last look by Redis's clock, milliseconds, up to which Redis itself knows that all traces are there. */
const sureForMs = leastTraceMs - 1000;
/** Clears since the beginning of a load that are compared with its key at most. */
const mostClears = 100;
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
  /** The connection that brought the answer. The server behind another one may have lost traces. */
  readonly stream: unknown;
}

const nothing = Buffer.alloc(0);
const none: Baseline = { version: nothing, tombstone: nothing, cleared: '', stream: undefined };

interface WaitingBaseline {
  readonly redisKey: string;
  readonly resolve: (baseline: Baseline) => void;
  readonly reject: (error: unknown) => void;
}

/** '1' = stored, '0' = the key was changed, 'c' = something was cleared, '' = superseded, and never sent. */
type StoreReply = '1' | '0' | 'c' | '';

interface LoadedEntry {
  /** When Redis was last asked about the key: `performance.now()`. */
  readonly lookedAt: number;
  readonly bytes: Buffer;
  readonly ttlMs: number;
  /** Checked when the entry is sent. */
  readonly work: { readonly superseded: boolean };
}

interface WaitingStore extends LoadedEntry {
  readonly redisKey: string;
  readonly baseline: Baseline;
  readonly resolve: (reply: StoreReply) => void;
  readonly reject: (error: unknown) => void;
}

export interface OptimisticLoadsDeps {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly clock: ServerClock;
  readonly siblings: SiblingKeys;
  /** The moment of the latest clear. */
  readonly latestClearKey: string;
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
 * Traces must outlast the load. They are kept for `leastTraceMs` at least, and a running load looks at its key more
 * often than that; Redis refuses a value whose last look is older. A server that was restarted, or the replica that
 * replaced it, may lack traces: a value is not stored over another connection than the one of its baseline.
 *
 * Some loads take a guard instead (`LoadGuards`): in a Cluster, where the record of clears is in another slot; and on a
 * server that evicts keys, which may drop a trace earlier, unless the cache is told of every change (an armed channel).
 */
export class OptimisticLoads {
  readonly #deps: OptimisticLoadsDeps;
  #baselines: WaitingBaseline[] = [];
  #stores: WaitingStore[] = [];
  #evicts: boolean | undefined;
  #evictionAskedAt = -Infinity;

  constructor(deps: OptimisticLoadsDeps) {
    this.#deps = deps;
  }

  /** `hearsEverything`: this cache is told of every change of the keys that it read, evictions included. */
  suits(hearsEverything: boolean): boolean {
    if (isCluster(this.#deps.connection.client)) return false;
    return hearsEverything || this.keepsTraces;
  }

  /** The server evicts no keys. */
  get keepsTraces(): boolean {
    if (performance.now() - this.#evictionAskedAt > evictionKnownMs) this.#learnEviction().catch(ignore);
    return this.#evicts === false;
  }

  /** Asks whether Redis evicts keys when it is full. Where this user may not ask, it is taken to. */
  async #learnEviction(): Promise<void> {
    const { executor } = this.#deps;
    this.#evictionAskedAt = performance.now();
    try {
      const info = await executor.call('INFO', (client) => client.info('memory'));
      this.#evicts = mayEvict(info);
    } catch (error) {
      this.#evicts = undefined;
      if (isTemporary(failureKind(error))) throw error;
    }
  }

  /** A load that is about to read its entry, and asks for its baseline in the same command. */
  prepare(redisKey: string): OptimisticLoad {
    return new OptimisticLoad(this, redisKey, this.#deps.siblings.tombstoneOf(redisKey));
  }

  /** A load that has read its entry. */
  async begin(redisKey: string): Promise<OptimisticLoad> {
    const load = this.prepare(redisKey);
    load.begin(await this.baseline(redisKey));
    return load;
  }

  baseline(redisKey: string): Promise<Baseline> {
    this.#sendSoon();
    return new Promise((resolve, reject) => {
      this.#baselines.push({ redisKey, resolve, reject });
    });
  }

  /** True unless the key was changed since the baseline, or may have been. */
  async stands(redisKey: string, baseline: Baseline): Promise<boolean> {
    const now = await this.baseline(redisKey);
    return (
      now.stream === baseline.stream &&
      isUnchanged(now, baseline) &&
      (now.cleared === baseline.cleared || (await this.#clearedOthers(redisKey, baseline, now.cleared)))
    );
  }

  /** Stores a value, unless the key was changed since the baseline. Returns whether it was stored. */
  store(redisKey: string, baseline: Baseline, entry: LoadedEntry, attempt = 1): Promise<boolean> {
    if (baseline.stream !== this.stream) return Promise.resolve(false);
    const { lookedAt, bytes, ttlMs, work } = entry;
    return new Promise((resolve, reject) => {
      const answer = (reply: StoreReply): void => {
        resolve(reply === 'c' ? this.#storeAfterClear(redisKey, baseline, entry, attempt) : reply === '1');
      };
      this.#sendSoon();
      this.#stores.push({ redisKey, baseline, lookedAt, bytes, ttlMs, work, resolve: answer, reject });
      // Redis works on a full batch while the next values are encoded.
      if (this.#stores.length === batch.stores) this.#sendStores(this.#takeStores(), { alone: true });
    });
  }

  /** Stores a value after clears, unless they cover its key. */
  async #storeAfterClear(
    redisKey: string,
    baseline: Baseline,
    entry: LoadedEntry,
    attempt: number,
  ): Promise<boolean> {
    if (attempt === mostAttempts) return false;
    const { cleared } = await this.baseline(redisKey);
    if (!(await this.#clearedOthers(redisKey, baseline, cleared))) return false;
    return this.store(redisKey, { ...baseline, cleared }, entry, attempt + 1);
  }

  /**
   * True if the clears since the baseline cover other keys only. `cleared`: the moment of the latest clear. A record
   * that has gone, or that goes back in time, has forgotten clears.
   */
  async #clearedOthers(redisKey: string, baseline: Baseline, cleared: string): Promise<boolean> {
    if (cleared === '' || Number(cleared) < Number(baseline.cleared)) return false;
    const since = baseline.cleared === '' ? '-inf' : `(${baseline.cleared}`;
    const clears = await this.#deps.clearedSince(since);
    if (clears.length === 0 || clears.length > mostClears) return false;
    return !clears.some(({ mark }) => this.#deps.covers(mark, redisKey));
  }

  #sendSoon(): void {
    if (this.#baselines.length === 0 && this.#stores.length === 0) process.nextTick(this.#send);
  }

  readonly #send = (): void => {
    const baselines = this.#baselines;
    this.#baselines = [];
    this.#sendStores(this.#takeStores());
    for (let i = 0; i < baselines.length; i += batch.baselines)
      this.#readTogether(
        baselines.length <= batch.baselines ? baselines : baselines.slice(i, i + batch.baselines),
      );
  };

  #takeStores(): readonly WaitingStore[] {
    const stores = this.#stores;
    this.#stores = [];
    return stores;
  }

  /** `alone`: without waiting for other commands of this turn. */
  #sendStores(stores: readonly WaitingStore[], { alone = false } = {}): void {
    let together: WaitingStore[] = [];
    let bytes = 0;
    for (const store of stores) {
      if (store.work.superseded) {
        store.resolve('');
        continue;
      }
      const isFull = together.length === batch.stores || bytes + store.bytes.length > batch.bytes;
      if (isFull && together.length > 0) {
        this.#storeTogether(together, { alone });
        together = [];
        bytes = 0;
      }
      together.push(store);
      bytes += store.bytes.length;
    }
    if (together.length > 0) this.#storeTogether(together, { alone });
  }

  #readTogether(waiting: readonly WaitingBaseline[]): void {
    const { executor } = this.#deps;
    executor.scriptBuffer('begin load', loadBaselineScript, this.#keysOf(waiting), []).then(
      (reply) => {
        const held = reply as (Buffer | null)[];
        const cleared = String(held[0] ?? '');
        const { stream } = this;
        for (const [i, { resolve }] of waiting.entries()) {
          const version = held[1 + waiting.length + i] ?? nothing;
          resolve({ version, tombstone: held[1 + i] ?? nothing, cleared, stream });
        }
      },
      (error: unknown) => {
        // This user may not read one of the keys: each gets its own answer.
        if (waiting.length > 1 && !isTemporary(failureKind(error)))
          for (const each of waiting) this.#readTogether([each]);
        else for (const { reject } of waiting) reject(error);
      },
    );
  }

  #storeTogether(stores: readonly WaitingStore[], { alone }: { alone: boolean }): void {
    const { executor, trackWrites, changing } = this.#deps;
    const args: ScriptArguments[number][] = [trackWrites ? '1' : '0'];
    for (const { baseline, lookedAt, bytes, ttlMs } of stores)
      args.push(
        baseline.version,
        baseline.tombstone,
        baseline.cleared,
        this.#sureUntil(lookedAt),
        bytes,
        ttlMs,
      );
    const changes = stores.map(({ redisKey }) => changing([redisKey]));
    executor.script('end load', storeLoadedScript, this.#keysOf(stores), args, { alone }).then(
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
  get stream(): unknown {
    const { client } = this.#deps.connection;
    return isCluster(client) ? undefined : client.stream;
  }

  /** The moment by Redis's clock until which all traces since `lookedAt` are there; '' = Redis's time is unknown. */
  #sureUntil(lookedAt: number): number | '' {
    const { clock } = this.#deps;
    if (!clock.isKnown) return '';
    return Math.floor(clock.now() - (performance.now() - lookedAt) + sureForMs - clock.errorMs);
  }

  #keysOf(waiting: readonly { readonly redisKey: string }[]): string[] {
    const { latestClearKey, siblings } = this.#deps;
    const keys = [latestClearKey];
    for (const { redisKey } of waiting) keys.push(redisKey);
    for (const { redisKey } of waiting) keys.push(siblings.tombstoneOf(redisKey));
    return keys;
  }
}

/** A load that compares what Redis holds at its end with its baseline. */
export class OptimisticLoad implements RemoteLoad, BaselineRequest {
  readonly redisKey: string;
  readonly tombstoneKey: string;
  readonly leased = false;
  readonly renewEveryMs = undefined;
  ended = false;
  readonly #loads: OptimisticLoads;
  #baseline = none;
  #hasBegun = false;
  #lookedAt = performance.now();

  constructor(loads: OptimisticLoads, redisKey: string, tombstoneKey: string) {
    this.#loads = loads;
    this.redisKey = redisKey;
    this.tombstoneKey = tombstoneKey;
  }

  /** The baseline is known. False if the load joined a read of its entry by another call. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Redis held an entry at the beginning. */
  get foundEntry(): boolean {
    return this.#baseline.version.length > 0;
  }

  answer(version: Buffer, tombstone: Buffer | null, cleared: Buffer | null): void {
    const { stream } = this.#loads;
    this.begin({ version, tombstone: tombstone ?? nothing, cleared: String(cleared ?? ''), stream });
  }

  begin(baseline: Baseline): void {
    this.#baseline = baseline;
    this.#hasBegun = true;
  }

  renew(): Promise<boolean> {
    return this.isCurrent();
  }

  async isCurrent(): Promise<boolean> {
    const asked = performance.now();
    const stands = await this.#loads.stands(this.redisKey, this.#baseline);
    if (stands) this.#lookedAt = asked;
    return stands;
  }

  store(bytes: Buffer, ttlMs: number, work: { readonly superseded: boolean }): Promise<boolean> {
    this.ended = true;
    // The event loop was blocked, or Redis did not answer: a change may have come and left no trace.
    if (performance.now() - this.#lookedAt > unsureAfterMs) return Promise.resolve(false);
    const lookedAt = this.#lookedAt;
    return this.#loads.store(this.redisKey, this.#baseline, { lookedAt, bytes, ttlMs, work });
  }

  async release(): Promise<void> {
    // Redis does not know of this load.
  }

  async releaseEmpty(): Promise<void> {
    // Redis does not know of this load.
  }
}

/** True if nobody set or deleted the key. A reader may have removed a dead entry: see `removeDeadScript`. */
function isUnchanged(now: Baseline, { version, tombstone }: Baseline): boolean {
  if (now.version.equals(version)) return now.tombstone.equals(tombstone);
  return now.version.length === 0 && now.tombstone.equals(version);
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
