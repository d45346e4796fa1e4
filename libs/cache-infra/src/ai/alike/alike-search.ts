import { systemClock, type Clock } from '../../base/clock.js';
import type { Cache } from '../../cache/contract/cache.js';
import { runSafely } from '../../cache/observe/emitter.js';
import { sha256 } from '../../keys/digest.js';
import type { AlikeAnswer, AlikeFound, AlikeStats } from './alike-found.js';
import type { MeaningOptions } from './alike-options.js';
import { reasonOf, type AlikeEvent, type AlikeReport } from './alike-report.js';
import { BudgetStates } from './budget-states.js';
import { Embeddings } from './embeddings.js';
import type { BudgetState } from './error-budget.js';
import { FailureStreak } from './failure-streak.js';
import type { AlikePartition } from './partition-keys.js';
import { bandOf, SimilarityHistogram, type LookupOutcome } from './similarity-histogram.js';
import { late, within } from './time-limit.js';
import { AlikeVectors } from './vectors.js';

export interface AlikeSearchDeps {
  /** The cache that holds the answers. */
  readonly cache: Cache;
  readonly operation: string;
  readonly options: MeaningOptions;
  /** Default: events are dropped. */
  readonly report?: AlikeReport | undefined;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
  /** Chooses the served answers that are checked. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

/** Closest candidates that a look-up tries, when the answers of closer ones are gone. */
const mostTries = 4;
/** Longest run of the judge. Milliseconds. */
const judgeMs = 30_000;
/** Failures of the judge in a row after which nothing is served. */
const judgeFailures = 5;

/**
 * Finds the answers of texts with the same meaning, for one operation. It never throws and never rejects: whatever
 * fails, the look-up is a miss and `report` hears of it.
 *
 * Nothing is served in a band of similarity until checks have shown that its answers are right often enough, nor when
 * they no longer are, nor while the judge fails: see `error-budget.ts`.
 */
export class AlikeSearch {
  readonly #options: MeaningOptions;
  readonly #answers: Cache;
  readonly #random: () => number;
  readonly #report: AlikeReport;
  readonly #embeddings: Embeddings;
  readonly #vectors: AlikeVectors;
  readonly #states: BudgetStates;
  readonly #judging = new FailureStreak(judgeFailures);
  readonly #similarities = new SimilarityHistogram();
  readonly #counts = { lookups: 0, served: 0, checks: 0, wrong: 0, slow: 0, failures: 0 };

  constructor({ cache, operation, options, report, clock = systemClock, random }: AlikeSearchDeps) {
    this.#options = options;
    this.#answers = cache;
    this.#random = random ?? Math.random;
    this.#report = (event: AlikeEvent): void => {
      if (event.kind === 'failed') this.#counts.failures += 1;
      if (report !== undefined) runSafely(() => report(event));
    };
    const { embed, budget, maxVectors, embedderVersion, judgeVersion } = options;
    const own = cache.namespace('alike');
    const scope = sha256(JSON.stringify([operation, embedderVersion]));
    const judged = sha256(JSON.stringify([operation, embedderVersion, judgeVersion]));
    this.#embeddings = new Embeddings({ embed, clock, report: this.#report });
    this.#vectors = new AlikeVectors({ cache: own, scope, maxVectors, clock, report: this.#report });
    this.#states = new BudgetStates({ cache: own, budget, scope: judged, report: this.#report });
  }

  /**
   * The closest stored answer that may be served or checked, within `timeout`; undefined = a miss. Rejects only with
   * the reason of `signal`.
   *
   * @param text as it stands in the request
   */
  async find(partition: AlikePartition, text: string, signal?: AbortSignal): Promise<AlikeFound | undefined> {
    signal?.throwIfAborted();
    this.#counts.lookups += 1;
    const redacted = this.#redacted(text);
    if (redacted === undefined) return undefined;
    const look: Look = { isOver: false, hasVector: false };
    const { timeoutMs } = this.#options;
    try {
      const found = await within(this.#look(partition, redacted, look), timeoutMs, signal);
      if (found !== late) return this.#counted(found);
      if (!look.hasVector) this.#embeddings.tooSlow();
      this.#counts.slow += 1;
      this.#report({ kind: 'slow', timeoutMs });
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      this.#report({ kind: 'failed', part: 'cache', reason: reasonOf(error) });
      return undefined;
    } finally {
      look.isOver = true;
    }
  }

  /** Stores the vector of a text, so that its answer is found. Resolves when it is done; never rejects. */
  async add(partition: AlikePartition, { text, ...answer }: AlikeAnswer): Promise<void> {
    const redacted = this.#redacted(text);
    if (redacted === undefined) return;
    const vector = await this.#embeddings.of(redacted);
    if (vector !== undefined) await this.#vectors.add(partition, { vector, ...answer });
  }

  /**
   * Compares a found answer with the one that was made instead, and counts the result. The answers are given as the
   * judge shall see them. Resolves when it is done; never rejects. Don't make a caller wait for it.
   */
  async check(
    found: AlikeFound,
    { text, answer, candidate }: { text: string; answer: unknown; candidate: unknown },
  ): Promise<void> {
    const redacted = this.#redacted(text);
    if (redacted === undefined) return;
    const stop = new AbortController();
    try {
      const pair = { text: redacted, answer, candidate, signal: stop.signal };
      const right: unknown = await within(Promise.resolve(this.#options.judge(pair)), judgeMs);
      if (typeof right !== 'boolean') {
        throw new TypeError(
          right === late ? `the judge did not answer within ${judgeMs} ms` : 'the judge returned no boolean',
        );
      }
      if (this.#judging.succeeded()) this.#report({ kind: 'judge-up' });
      await this.judged(found, right);
    } catch (error) {
      this.#report({ kind: 'failed', part: 'judge', reason: reasonOf(error) });
      if (this.#judging.failed()) this.#report({ kind: 'judge-down' });
    } finally {
      stop.abort();
    }
  }

  /** Counts a comparison that was made elsewhere. Resolves when it is stored; never rejects. */
  async judged({ band }: Pick<AlikeFound, 'band'>, right: boolean): Promise<void> {
    this.#counts.checks += 1;
    if (!right) this.#counts.wrong += 1;
    await this.#states.record(band, right);
  }

  /** The shared state of a band, such as `'0.86'`. */
  async stateOf(band: string): Promise<BudgetState> {
    return this.#states.of(band);
  }

  stats(): AlikeStats {
    return { ...this.#counts, similarities: this.#similarities.bins() };
  }

  #redacted(text: string): string | undefined {
    try {
      const redacted: unknown = this.#options.redact(text);
      if (typeof redacted !== 'string') throw new TypeError('text and redact must return a string');
      return redacted.trim() === '' ? undefined : redacted;
    } catch (error) {
      this.#report({ kind: 'failed', part: 'text', reason: reasonOf(error) });
      return undefined;
    }
  }

  async #look(partition: AlikePartition, text: string, look: Look): Promise<Looked | undefined> {
    const vector = await this.#embeddings.of(text);
    look.hasVector = true;
    if (vector === undefined || look.isOver) return undefined;
    this.#embeddings.inTime();
    const near = await this.#vectors.nearest(partition, vector, mostTries);
    const [closest] = near;
    if (closest === undefined) return undefined;
    for (const each of near) {
      if (each.similarity < this.#options.minSimilarity) break;
      if (look.isOver || !(await this.#vectors.confirms(partition, each))) continue;
      const answer = await this.#answers.get(each.answerKey);
      if (answer === undefined) {
        this.#vectors.forget(partition, each.answerKey);
        continue;
      }
      const found = await this.#inPhase(each, answer);
      return { similarity: each.similarity, found };
    }
    return { similarity: closest.similarity, found: undefined };
  }

  async #inPhase(
    { answerKey, similarity }: { readonly answerKey: string; readonly similarity: number },
    answer: unknown,
  ): Promise<AlikeFound | undefined> {
    const band = bandOf(similarity);
    const { phase } = await this.#states.of(band);
    if (phase === 'off') return undefined;
    const isServed = phase === 'serving' && !this.#judging.isDown;
    const served = this.#random() < this.#options.checkShare ? 'serve-and-check' : 'serve';
    return { answerKey, answer, similarity, band, mode: isServed ? served : 'check' };
  }

  #counted(looked: Looked | undefined): AlikeFound | undefined {
    if (looked === undefined) return undefined;
    const { similarity, found } = looked;
    this.#similarities.add(similarity, outcomeOf(found));
    if (found !== undefined && found.mode !== 'check') this.#counts.served += 1;
    return found;
  }
}

/** How far a look-up is. */
interface Look {
  /** Its caller has gone on without it. */
  isOver: boolean;
  /** The embedder has answered, or failed. */
  hasVector: boolean;
}

/** A look-up with a candidate. */
interface Looked {
  readonly similarity: number;
  /** Undefined = nothing may be served or checked. */
  readonly found: AlikeFound | undefined;
}

function outcomeOf(found: AlikeFound | undefined): LookupOutcome {
  if (found === undefined) return 'missed';
  return found.mode === 'check' ? 'checked' : 'served';
}
