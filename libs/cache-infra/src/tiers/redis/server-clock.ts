import type { Clock } from '../../base/clock.js';
import type { RemoteClock } from '../remote-tier.js';
import type { RedisExecutor } from './executor.js';
import { failureKind } from './errors.js';

/** A round trip short enough to tell the time by, milliseconds. */
const goodRoundTripMs = 20;
/** Between two questions that only make the time more exact, or that Redis refused before, milliseconds. */
const pauseMs = { improve: 1000, refused: 10_000 };
/** Questions for an exact time that a slow connection is asked at most: its round trip may never be short. */
const mostImprovements = 10;

/**
 * Redis's clock, as far as round trips tell: the offset from this process's clock, and how far off that may be.
 *
 * An answer to `TIME` was made at some moment of its round trip, so half the round trip is the error (Cristian, "Probabilistic clock
 * synchronization", 1989). A round trip is long on a slow network, and in a process whose event loop is busy.
 */
export class ServerClock implements RemoteClock {
  readonly #gate: RedisExecutor;
  readonly #clock: Clock;
  #offsetMs: number | undefined;
  #errorMs = 0;
  #learning: Promise<void> | undefined;
  /** Redis acts as if the offset were wrong: one of the clocks was set. */
  #isDoubted = false;
  #askedAt = -Infinity;
  #refusedAt = -Infinity;
  #improvements = 0;
  #lastStamp = 0;

  constructor(gate: RedisExecutor, clock: Clock) {
    this.#gate = gate;
    this.#clock = clock;
  }

  /** True once Redis's time is known. */
  get isKnown(): boolean {
    return this.#offsetMs !== undefined;
  }

  /** This user may not ask. */
  get isRefused(): boolean {
    return this.#refusedAt > -Infinity;
  }

  /** How far off `of` may be, milliseconds, beyond what a good round trip leaves open. */
  get errorMs(): number {
    return Math.max(0, this.#errorMs - goodRoundTripMs / 2);
  }

  /** How far off `of` may be, milliseconds: half a good round trip at least. */
  get totalErrorMs(): number {
    return this.errorMs + goodRoundTripMs / 2;
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

  /** A moment of this process's clock by Redis's clock; the same while that is not known. */
  of(ours: number): number {
    return ours + (this.#offsetMs ?? 0);
  }

  /**
   * Asks Redis; all who ask at the same time share one answer. Resolves without one where this user may not ask: then entries are stamped
   * by this process's own clock.
   */
  async learn(): Promise<void> {
    if (performance.now() - this.#refusedAt < pauseMs.refused) return;
    this.#learning ??= this.#ask().finally(() => {
      this.#learning = undefined;
    });
    await this.#learning;
  }

  /** As `learn`, and takes the answer whatever is known: that has turned out to be wrong. */
  async doubt(): Promise<void> {
    this.#isDoubted = true;
    await this.learn();
  }

  /** Asks again in the background while what is known is not exact. */
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
      reply = await this.#gate.call('TIME', (client) => client.time());
    } catch (error) {
      if (failureKind(error) !== 'permission') throw error;
      this.#refusedAt = performance.now();
      return;
    }
    this.#refusedAt = -Infinity;
    const roundTripMs = performance.now() - sentAt;
    const after = this.#clock.now();
    const errorMs = Math.max(roundTripMs, Math.abs(after - before)) / 2;
    // Both clocks drift apart by a millisecond in half a minute or so, which a good answer corrects.
    const isBetter =
      !this.isKnown || this.#isDoubted || errorMs <= goodRoundTripMs / 2 || errorMs < this.#errorMs;
    if (!isBetter) return;
    this.#isDoubted = false;
    this.#errorMs = errorMs;
    this.#offsetMs = Number(reply[0]) * 1000 + Number(reply[1]) / 1000 - (before + after) / 2;
  }
}

function ignore(): void {
  // What is known stays in use, with its error.
}
