import type { LeaseAnswer, RemoteLeases } from '../remote-tier.js';
import { integerOf } from './client.js';
import type { RedisExecutor } from './executor.js';
import { acquireLeaseScript, releaseLeaseScript, renewLeaseScript } from './lock-scripts.js';

/**
 * Milliseconds that Redis keeps the last token of a lock that is free. The next token comes from the clock then:
 * tokens grow unless the clock was set back by more than this.
 */
const tokenKeptMs = 3_600_000;

/** Leases of locks, each a hash in Redis: see `acquireLeaseScript`. */
export class LockLeases implements RemoteLeases {
  readonly #executor: RedisExecutor;

  constructor(executor: RedisExecutor) {
    this.#executor = executor;
  }

  async acquire(redisKey: string, holder: string, leaseMs: number): Promise<LeaseAnswer> {
    const args = [holder, leaseMs, tokenKeptMs];
    const reply = await this.#executor.script('acquire lock', acquireLeaseScript, [redisKey], args);
    const [token, leftMs] = reply as [token: string, leftMs: unknown];
    return token === '' ? { leftMs: integerOf(leftMs) } : { token: Number(token) };
  }

  async renew(redisKey: string, holder: string, leaseMs: number): Promise<boolean> {
    const args = [holder, leaseMs, tokenKeptMs];
    return integerOf(await this.#executor.script('renew lock', renewLeaseScript, [redisKey], args)) === 1;
  }

  async release(redisKey: string, holder: string): Promise<boolean> {
    const args = [holder, tokenKeptMs];
    return integerOf(await this.#executor.script('release lock', releaseLeaseScript, [redisKey], args)) === 1;
  }
}
