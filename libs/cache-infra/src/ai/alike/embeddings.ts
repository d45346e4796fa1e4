import type { Clock } from '../../base/clock.js';
import { sha256 } from '../../keys/digest.js';
import type { Embedder } from './alike-options.js';
import { reasonOf, type AlikeReport } from './alike-report.js';
import { FailureStreak } from './failure-streak.js';
import { late, within } from './time-limit.js';
import { normalised } from './vector.js';

export interface EmbeddingsDeps {
  readonly embed: Embedder;
  readonly clock: Clock;
  readonly report: AlikeReport;
}

/** Longest run of the embedder. A look-up waits less; the vector then serves to store the answer. Milliseconds. */
const limitMs = 10_000;
/** Vectors that are kept for the answers of their texts. */
const mostRecent = 256;
/** Failures in a row after which the embedder is left alone. */
const failuresToPause = 5;
/** Milliseconds. */
export const embedderPauseMs = 10_000;

/**
 * The vectors of texts. Callers of one text share a run of the embedder, and the answer of a missed text needs no
 * second run. An embedder that fails or is slow five times in a row is left alone for ten seconds, so that it does not
 * delay every miss; then one call tries again.
 */
export class Embeddings {
  readonly #deps: EmbeddingsDeps;
  /** By digests, so that no text is kept. The oldest first. */
  readonly #recent = new Map<string, Promise<Float32Array | undefined>>();
  readonly #streak = new FailureStreak(failuresToPause);
  #pausedUntil = 0;

  constructor(deps: EmbeddingsDeps) {
    this.#deps = deps;
  }

  /** The vector of a text, of length 1; undefined if there is none. Never rejects. */
  async of(text: string): Promise<Float32Array | undefined> {
    const key = sha256(text);
    const known = this.#recent.get(key);
    if (known !== undefined) return known;
    if (this.#isPaused()) return undefined;
    const made = this.#embed(text);
    this.#recent.set(key, made);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= mostRecent) break;
      this.#recent.delete(oldest);
    }
    const vector = await made;
    // Let the next call for the text try again.
    if (vector === undefined && this.#recent.get(key) === made) this.#recent.delete(key);
    return vector;
  }

  /** A look-up waited for the embedder in vain. */
  tooSlow(): void {
    this.#failed();
  }

  /** A look-up had its vector in time. */
  inTime(): void {
    if (this.#streak.succeeded()) this.#pausedUntil = 0;
  }

  async #embed(text: string): Promise<Float32Array | undefined> {
    const stop = new AbortController();
    try {
      const made = await within(Promise.resolve(this.#deps.embed(text, { signal: stop.signal })), limitMs);
      if (made === late) throw new Error(`the embedder did not answer within ${limitMs} ms`);
      const vector = normalised(made);
      if (vector instanceof Float32Array) return vector;
      this.#deps.report({ kind: 'failed', part: 'vector', reason: vector.refused });
    } catch (error) {
      this.#deps.report({ kind: 'failed', part: 'embedder', reason: reasonOf(error) });
      this.#failed();
    } finally {
      stop.abort();
    }
    return undefined;
  }

  #failed(): void {
    const pauses = this.#streak.failed();
    if (!this.#streak.isDown) return;
    this.#pausedUntil = this.#deps.clock.now() + embedderPauseMs;
    if (pauses) this.#deps.report({ kind: 'embedder-paused', pauseMs: embedderPauseMs });
  }

  /** After a pause, one call tries the embedder. The others go on without. */
  #isPaused(): boolean {
    const now = this.#deps.clock.now();
    // The clock may have been set back meanwhile.
    if (now < this.#pausedUntil && this.#pausedUntil - now <= embedderPauseMs) return true;
    if (this.#streak.isDown) this.#pausedUntil = now + embedderPauseMs;
    return false;
  }
}
