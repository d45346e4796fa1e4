import type { Clock } from '../../base/clock.js';
import type { RemoteClock } from '../remote-tier.js';
import type { RedisExecutor } from './executor.js';
import { failureKind } from './errors.js';

/** Longest round trip whose answer counts as exact, milliseconds. */
const goodRoundTripMs = 20;
/** Milliseconds between two questions that only improve the estimate, and after a refusal. */
const pauseMs = { improve: 1000, refused: 10_000 };
/** Most questions that only improve the estimate: the round trip of a slow connection may never be short. */
const mostImprovements = 10;

/**
 * Estimates Redis's clock: its offset from this process's clock, and the error of the offset.
 *
 * Redis answers `TIME` at an unknown moment of the round trip, so the error is half the round trip (Cristian,
 * "Probabilistic clock synchronization", 1989). A round trip is long on a slow network, and in a process whose event
 * loop is busy.
 */
export class ServerClock implements RemoteClock {
  readonly #executor: RedisExecutor;
  readonly #clock: Clock;
  #offsetMs: number | undefined;
  #errorMs = 0;
  #learning: Promise<void> | undefined;
  /** Redis has contradicted the offset: one of the two clocks was set. */
  #isDoubted = false;
  #askedAt = -Infinity;
  #refusedAt = -Infinity;
  #improvements = 0;
  #lastStamp = 0;

  constructor(executor: RedisExecutor, clock: Clock) {
    this.#executor = executor;
    this.#clock = clock;
  }

  /** True once Redis's time is known. */
  get isKnown(): boolean {
    return this.#offsetMs !== undefined;
  }

  /** True when this user may not ask for the time. */
  get isRefused(): boolean {
    return this.#refusedAt > -Infinity;
  }

  /** The error of `of` beyond the error of an exact answer, milliseconds. */
  get errorMs(): number {
    return Math.max(0, this.#errorMs - goodRoundTripMs / 2);
  }

  /** Milliseconds since the epoch by Redis's clock; by this process's clock while Redis's time is unknown. */
  now(): number {
    return this.of(this.#clock.now());
  }

  /** The stamp of an entry written now. Never before an earlier stamp, however the estimate moves. */
  stamp(): number {
    this.#lastStamp = Math.max(this.#lastStamp, Math.floor(this.now()), 0);
    return this.#lastStamp;
  }

  /** A moment of this process's clock by Redis's clock. Unchanged while Redis's time is unknown. */
  of(ours: number): number {
    return ours + (this.#offsetMs ?? 0);
  }

  /**
   * Asks Redis for its time. Concurrent calls share one answer. Resolves without an answer when this user may not ask:
   * then this process's clock stamps the entries.
   */
  async learn(): Promise<void> {
    if (performance.now() - this.#refusedAt < pauseMs.refused) return;
    this.#learning ??= this.#ask().finally(() => {
      this.#learning = undefined;
    });
    await this.#learning;
  }

  /** As `learn`, for an estimate that has turned out to be wrong: any answer replaces it. */
  async doubt(): Promise<void> {
    this.#isDoubted = true;
    await this.learn();
  }

  /** Asks again in the background while the estimate is not exact. */
  improve(): void {
    if (this.errorMs === 0 || this.#improvements >= mostImprovements) return;
    if (performance.now() - this.#askedAt < pauseMs.improve) return;
    this.#improvements++;
    this.learn().catch(ignore);
  }

  async #ask(): Promise<void> {
    const sentAt = performance.now();
    this.#askedAt = sentAt;
    const before = this.#clock.now();
    let reply: readonly unknown[];
    try {
      reply = await this.#executor.call('TIME', (client) => client.time());
    } catch (error) {
      if (failureKind(error) !== 'permission') throw error;
      this.#refusedAt = performance.now();
      return;
    }
    this.#refusedAt = -Infinity;
    const roundTripMs = performance.now() - sentAt;
    const after = this.#clock.now();
    const errorMs = Math.max(roundTripMs, Math.abs(after - before)) / 2;
    // Clocks drift apart by about a millisecond in half a minute. An exact answer corrects the drift.
    const isBetter =
      !this.isKnown || this.#isDoubted || errorMs <= goodRoundTripMs / 2 || errorMs < this.#errorMs;
    if (!isBetter) return;
    this.#isDoubted = false;
    this.#errorMs = errorMs;
    this.#offsetMs = Number(reply[0]) * 1000 + Number(reply[1]) / 1000 - (before + after) / 2;
  }
}

function ignore(): void {
  // The estimate stays in use, with its error.
}
