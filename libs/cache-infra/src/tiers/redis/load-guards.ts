import { randomBytes } from 'node:crypto';
import { timerMs } from '../../base/duration.js';
import { versionBytes, versionIdOf } from '../../codec/entry-head.js';
import type { RemoteLoad } from '../remote-tier.js';
import { loadGuardKey, tombstoneKey } from './load-guard-key.js';
import { noOwnChange, type OwnChange } from './own-changes.js';
import { integerOf } from './client.js';
import type { RedisExecutor } from './executor.js';
import { beginLoadScript, endLoadScript, renewLoadScript } from './scripts.js';
import { isShortLived, traceMs, uniqueText } from './tombstones.js';

const nothing = Buffer.alloc(0);

/** Milliseconds that Redis keeps the guard of a load that is not renewed. */
const guardMs = 30_000;

type BeginReply = [
  previous: Buffer | null,
  generation: Buffer,
  granted: Buffer,
  leftMs: unknown,
  holder: Buffer,
];

/** What Redis answered to the beginning of a load. */
type Begun = Pick<
  LoadGuard,
  'token' | 'generation' | 'previous' | 'granted' | 'leased' | 'holder' | 'leaseLeftMs'
>;

/** A load that Redis knows. */
export class LoadGuard implements RemoteLoad {
  readonly redisKey: string;
  readonly token: string;
  readonly generation: string;
  /** The entry that existed when the load began; null = none. */
  readonly previous: Buffer | null;
  /** The load may run. False while another load holds the lease. */
  readonly granted: boolean;
  readonly leased: boolean;
  /** The token of the load that holds the lease, when this load may not run; else undefined. */
  readonly holder: string | undefined;
  /** Milliseconds until the lease of the other load ends by itself. */
  readonly leaseLeftMs: number;
  ended = false;
  readonly #guards: LoadGuards;

  constructor(guards: LoadGuards, redisKey: string, begun: Begun) {
    this.#guards = guards;
    this.redisKey = redisKey;
    this.token = begun.token;
    this.generation = begun.generation;
    this.previous = begun.previous;
    this.granted = begun.granted;
    this.leased = begun.leased;
    this.holder = begun.holder;
    this.leaseLeftMs = begun.leaseLeftMs;
  }

  get renewEveryMs(): number {
    return this.#guards.renewEveryMs;
  }

  renew(): Promise<boolean> {
    return this.#guards.renew(this);
  }

  isCurrent(): Promise<boolean> {
    return this.#guards.isCurrent(this);
  }

  store(bytes: Buffer, ttlMs: number): Promise<boolean> {
    return this.#guards.end(this, bytes, ttlMs);
  }

  async release(): Promise<void> {
    await this.#guards.end(this, undefined, 0);
  }

  releaseEmpty(): Promise<void> {
    return this.#guards.endEmpty(this);
  }
}

/**
 * Guards loads of entries by atomic scripts in Redis: they decide whether an entry was invalidated or set between the
 * beginning and the end of a load, and which load may run. No clocks of two hosts are compared.
 */
export class LoadGuards {
  readonly #executor: RedisExecutor;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #clientPrefix: string;
  readonly #horizonMs: number;
  readonly #changing: (redisKeys: readonly string[]) => OwnChange;

  /**
   * `changing`: called before a script changes a key right after reading it. `horizonMs`: how long a set may be
   * replayed.
   */
  constructor(
    executor: RedisExecutor,
    prefix: string,
    leaseMs: number,
    clientPrefix = '',
    changing: (redisKeys: readonly string[]) => OwnChange = () => noOwnChange,
    horizonMs = 0,
  ) {
    this.#horizonMs = horizonMs;
    this.#changing = changing;
    this.#executor = executor;
    this.#prefix = prefix;
    this.#leaseMs = leaseMs;
    this.#clientPrefix = clientPrefix;
  }

  /** Milliseconds between two renewals of a load. */
  get renewEveryMs(): number {
    return timerMs(Math.max(50, Math.floor(this.#leaseMs / 3)));
  }

  guardKeyOf(redisKey: string): string {
    return loadGuardKey(this.#prefix, redisKey, this.#clientPrefix);
  }

  /** The key that records when the entry was deleted. */
  tombstoneOf(redisKey: string): string {
    return tombstoneKey(this.#prefix, redisKey, this.#clientPrefix);
  }

  /** Milliseconds that a lease lasts. */
  get leaseMs(): number {
    return this.#leaseMs;
  }

  /**
   * Begins a load. `lock`: only one load may run at a time. `awaited`: the token of the load that this one has waited
   * for. When the awaited load ended without a value to store, this load runs without the lease, as do others that
   * waited.
   */
  async begin(redisKey: string, lock: boolean, awaited = ''): Promise<LoadGuard> {
    const token = randomBytes(12).toString('base64url');
    const guard = this.guardKeyOf(redisKey);
    const change = this.#changing([guard]);
    let isGranted = false;
    try {
      const reply = await this.#executor.scriptBuffer(
        'begin load',
        beginLoadScript,
        [redisKey, guard],
        [token, lock ? '1' : '0', this.#leaseMs, Math.max(guardMs, this.#leaseMs * 2), awaited],
      );
      const [previous, generation, granted, left, holder] = reply as BeginReply;
      const may = granted.toString();
      isGranted = may !== '0';
      return new LoadGuard(this, redisKey, {
        token,
        previous,
        generation: generation.toString(),
        granted: isGranted,
        leased: may === '2',
        holder: isGranted ? undefined : holder.toString(),
        leaseLeftMs: integerOf(left),
      });
    } finally {
      // A load that may not run has changed nothing.
      if (!isGranted) change.withdraw();
    }
  }

  /** Renews the guard and the lease. False when the entry was invalidated since the load began. */
  async renew({ redisKey, generation, token }: LoadGuard): Promise<boolean> {
    const args = [generation, token, this.#leaseMs, Math.max(guardMs, this.#leaseMs * 2)];
    const guard = this.guardKeyOf(redisKey);
    const change = this.#changing([guard]);
    let isRenewed = false;
    try {
      isRenewed = integerOf(await this.#executor.script('renew load', renewLoadScript, [guard], args)) === 1;
    } finally {
      if (!isRenewed) change.withdraw();
    }
    return isRenewed;
  }

  /**
   * As `renew`, without a change. Used after a change of the entry or its guard was announced: a renewal would be
   * announced to other instances in turn, without end. False, too, when the entry is not the one that existed when the
   * load began.
   */
  async isCurrent({ redisKey, generation, previous }: LoadGuard): Promise<boolean> {
    const [known, head] = await Promise.all([
      this.#executor.call('HGET', (client) => client.hget(this.guardKeyOf(redisKey), 'g')),
      this.#executor.call('GETRANGE', (client) => client.getrangeBuffer(redisKey, 0, versionBytes - 1)),
    ]);
    return (
      known === generation && versionIdOf(head).equals(previous === null ? nothing : versionIdOf(previous))
    );
  }

  /** Ends a load. Stores the entry unless it changed since the load began; `bytes` undefined = nothing to store. */
  async end(load: LoadGuard, bytes: Buffer | undefined, ttlMs: number): Promise<boolean> {
    const { redisKey, generation, token, previous } = load;
    load.ended = true;
    const version = previous === null ? '' : versionIdOf(previous);
    const args = [
      generation,
      token,
      version,
      bytes ?? '',
      ttlMs,
      '0',
      traceMs(this.#horizonMs),
      uniqueText(),
    ];
    const change = bytes === undefined ? noOwnChange : this.#changing([redisKey]);
    let isStored = false;
    try {
      const keys = [redisKey, this.guardKeyOf(redisKey)];
      if (isShortLived(ttlMs)) keys.push(this.tombstoneOf(redisKey));
      isStored = integerOf(await this.#executor.script('end load', endLoadScript, keys, args)) === 1;
    } finally {
      if (!isStored) change.withdraw();
    }
    return isStored;
  }

  /** Ends a load without a value, and records that for the loads that wait for its lease. */
  async endEmpty(load: LoadGuard): Promise<void> {
    const { redisKey, generation, token } = load;
    load.ended = true;
    const args = [generation, token, '', '', 0, '1'];
    await this.#executor.script('end load', endLoadScript, [redisKey, this.guardKeyOf(redisKey)], args);
  }
}
