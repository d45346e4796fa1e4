import type { HitCount, HitLimit, RemoteHits } from '../remote-tier.js';
import { integerOf } from './client.js';
import type { RedisExecutor } from './executor.js';
import { countHitScript } from './hit-script.js';

/** Counts the hits of rate limits, each key a sorted set in Redis: see `countHitScript`. */
export class RateHits implements RemoteHits {
  readonly #executor: RedisExecutor;

  constructor(executor: RedisExecutor) {
    this.#executor = executor;
  }

  async count(redisKey: string, { windowMs, limit, blockMs }: HitLimit): Promise<HitCount> {
    const args = [windowMs, limit, blockMs];
    const reply = await this.#executor.script('count hit', countHitScript, [redisKey], args);
    const [hits = 0, windowLeftMs = 0, isBlocked = 0, blockLeftMs = 0] = (reply as unknown[]).map(integerOf);
    return { hits, windowLeftMs, isBlocked: isBlocked === 1, blockLeftMs };
  }
}
