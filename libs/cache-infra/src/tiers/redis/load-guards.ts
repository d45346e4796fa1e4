import { randomBytes } from 'node:crypto';
import { timerMs } from '../../base/duration.js';
import { loadGuardKey, tombstoneKey } from './load-guard-key.js';
import { noOwnChange, type OwnChange } from './own-changes.js';
import { integerOf } from './client.js';
import type { RedisExecutor } from './executor.js';
import { beginLoadScript, endLoadScript, renewLoadScript } from './scripts.js';

const nothing = Buffer.alloc(0);

/** How long Redis remembers a load that it hears nothing more of. */
const fenceMs = 30_000;

type BeginReply = [seen: Buffer | null, generation: Buffer, granted: Buffer, leftMs: unknown, holder: Buffer];

/** A load as Redis knows it. */
export interface LoadGuard {
  readonly redisKey: string;
  readonly token: string;
  readonly generation: string;
  /** The entry that was there when the load began; null = none. */
  readonly seen: Buffer | null;
  /** False: another instance holds the lease. */
  readonly granted: boolean;
  /** This load holds the lease. */
  readonly leased: boolean;
  /** The token of the load that holds the lease, when this one may not run; else undefined. */
  readonly holder: string | undefined;
  /** Redis has been told that it is over. */
  ended: boolean;
  /** Milliseconds until that lease ends by itself. */
  readonly leaseLeftMs: number;
}

/**
 * Loads of entries, protected by what Redis itself can decide in one step: whether an entry was invalidated or set between the
 * beginning and the end of a load, and who may load it. No clocks of two hosts are compared.
 */
export class LoadGuards {
  readonly #gate: RedisExecutor;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #clientPrefix: string;
  readonly #changing: (redisKeys: readonly string[]) => OwnChange;

  /** `changing`: an entry is about to be stored, right after it is read. */
  constructor(
    gate: RedisExecutor,
    prefix: string,
    leaseMs: number,
    clientPrefix = '',
    changing: (redisKeys: readonly string[]) => OwnChange = () => noOwnChange,
  ) {
    this.#changing = changing;
    this.#gate = gate;
    this.#prefix = prefix;
    this.#leaseMs = leaseMs;
    this.#clientPrefix = clientPrefix;
  }

  /** How often a load has to be renewed, milliseconds. */
  get renewEveryMs(): number {
    return timerMs(Math.max(50, Math.floor(this.#leaseMs / 3)));
  }

  guardKeyOf(redisKey: string): string {
    return loadGuardKey(this.#prefix, redisKey, this.#clientPrefix);
  }

  /** Remembers when the entry was deleted. */
  tombstoneOf(redisKey: string): string {
    return tombstoneKey(this.#prefix, redisKey, this.#clientPrefix);
  }

  /** How long a lease lasts, milliseconds. */
  get leaseMs(): number {
    return this.#leaseMs;
  }

  /**
   * `lock`: only one load may run at a time. `awaited`: the load that was waited for; when it has ended without a value to store, this one
   * may run at once, beside others.
   */
  async begin(redisKey: string, lock: boolean, awaited = ''): Promise<LoadGuard> {
    const token = randomBytes(12).toString('base64url');
    const guard = this.guardKeyOf(redisKey);
    const own = this.#changing([guard]);
    let isGranted = false;
    try {
      const reply = await this.#gate.scriptBuffer(
        'begin load',
        beginLoadScript,
        [redisKey, guard],
        [token, lock ? '1' : '0', this.#leaseMs, Math.max(fenceMs, this.#leaseMs * 2), awaited],
      );
      const [seen, generation, granted, left, holder] = reply as BeginReply;
      const may = granted.toString();
      isGranted = may !== '0';
      return {
        redisKey,
        token,
        seen,
        generation: generation.toString(),
        granted: isGranted,
        leased: may === '2',
        holder: isGranted ? undefined : holder.toString(),
        ended: false,
        leaseLeftMs: integerOf(left),
      };
    } finally {
      // Whoever does not get the lease changes nothing.
      if (!isGranted) own.withdraw();
    }
  }

  /** False when the entry was invalidated meanwhile. */
  async renew({ redisKey, generation, token }: LoadGuard): Promise<boolean> {
    const args = [generation, token, this.#leaseMs, Math.max(fenceMs, this.#leaseMs * 2)];
    const guard = this.guardKeyOf(redisKey);
    const own = this.#changing([guard]);
    let isRenewed = false;
    try {
      isRenewed = integerOf(await this.#gate.script('renew load', renewLoadScript, [guard], args)) === 1;
    } finally {
      if (!isRenewed) own.withdraw();
    }
    return isRenewed;
  }

  /**
   * As `renew`, changing nothing: somebody touched the entry or its guard, and answering by touching it would go on for ever. False, too,
   * when the entry is not the one that was there when the load began.
   */
  async isCurrent({ redisKey, generation, seen }: LoadGuard): Promise<boolean> {
    const [known, version] = await Promise.all([
      this.#gate.call('HGET', (client) => client.hget(this.guardKeyOf(redisKey), 'g')),
      this.#gate.call('GETRANGE', (client) => client.getrangeBuffer(redisKey, 6, 15)),
    ]);
    return known === generation && version.equals(seen?.subarray(6, 16) ?? nothing);
  }

  /** Stores the entry unless something newer happened to it; `bytes` undefined = there is nothing to store. */
  async end(load: LoadGuard, bytes: Buffer | undefined, ttlMs: number): Promise<boolean> {
    const { redisKey, generation, token, seen } = load;
    load.ended = true;
    const version = seen === null ? '' : seen.subarray(6, 16);
    const args = [generation, token, version, bytes ?? '', ttlMs];
    const own = bytes === undefined ? noOwnChange : this.#changing([redisKey]);
    let isStored = false;
    try {
      const keys = [redisKey, this.guardKeyOf(redisKey)];
      isStored = integerOf(await this.#gate.script('end load', endLoadScript, keys, args)) === 1;
    } finally {
      if (!isStored) own.withdraw();
    }
    return isStored;
  }

  /** Ends a load that brought no value: those who wait for its lease hear of that. */
  async endEmpty(load: LoadGuard): Promise<void> {
    const { redisKey, generation, token } = load;
    load.ended = true;
    const args = [generation, token, '', '', 0, '1'];
    await this.#gate.script('end load', endLoadScript, [redisKey, this.guardKeyOf(redisKey)], args);
  }
}
