import type { Cache } from '../cache/contract/cache.js';
import { runSafely } from '../cache/observe/emitter.js';
import { onRefusal } from '../cache/observe/refusals.js';
import { assertOptions, oneOf } from '../base/checks.js';
import { SerializationError, ValidationError } from '../base/errors.js';
import { sha256 } from '../keys/digest.js';
import { describeValue } from '../base/redact.js';
import type { Answer } from './answer.js';
import { isAnswer } from './answer.js';
import { outcomes, type Call, type Ended } from './call.js';
import { neverStored } from './cacheability.js';
import { assertControl, type AiCacheControl } from './control.js';
import { describeResult } from './describe-result.js';
import type { AiExplanation } from './explanation.js';
import { sharedCopy } from './kept-kind.js';
import { produceAnswer, unboundContext } from './produce.js';
import type { Produce } from './producer.js';
import { Productions } from './productions.js';
import { requestKey, requestParts } from './request-key.js';
import type { AiRequest } from './request.js';
import type { AiResult } from './result.js';
import { priceOf, savingsOf } from './price.js';
import { SavingsLedger, type AiStats } from './savings.js';
import { answerTags, selectorTags } from './selector-tags.js';
import type { AiSelector } from './selector.js';
import { resolveSettings, type AiCacheSettings, type ResolvedSettings } from './settings.js';
import { decideTtl, ttlOption } from './ttl-policy.js';
import { untilAborted } from './until-aborted.js';

/**
 * Caches the answers of AI models on any {@link Cache}, keyed by the whole request.
 *
 * ```ts
 * const { value, cached, savings } = await ai.run('summarize', { model: 'small', text }, async ({ signal }) => {
 *   const answer = await model.summarize(text, { signal });
 *   return { value: answer.text, usage: answer.usage, finishReason: answer.finishReason };
 * });
 * ```
 *
 * Concurrent equal calls share one `produce`. An answer that is incomplete or otherwise not cacheable reaches its
 * callers, but is not stored.
 */
export class AiCacheService {
  readonly #cache: Cache;
  readonly #settings: ResolvedSettings;
  readonly #ledger: SavingsLedger;
  readonly #productions = new Productions();

  /** @throws ValidationError that lists every invalid setting */
  constructor(cache: Cache, settings: AiCacheSettings = {}) {
    this.#cache = cache;
    this.#settings = resolveSettings(settings, cache.defaultTtl);
    this.#ledger = new SavingsLedger(this.#settings.maxSeries);
  }

  /**
   * Returns the stored answer, or the answer of `produce`. An error of `produce` reaches every waiting caller and is
   * not stored. Rejects with `ValidationError` for invalid arguments, and with `SerializationError` when a part of the
   * request cannot be in a key.
   */
  async run<T>(
    operation: string,
    request: AiRequest,
    produce: Produce<T>,
    control: AiCacheControl = {},
  ): Promise<AiResult<T>> {
    if (typeof produce !== 'function') {
      throw new ValidationError(`produce must be a function, got ${describeValue(produce)}`);
    }
    const call = this.#prepare(operation, request, control);
    try {
      const ended = await (control.bypass === true
        ? this.#alone(call, produce)
        : this.#shared(call, produce));
      return this.#result(call, ended);
    } catch (error) {
      this.#ledger.count(operation, call.model, 'failures');
      throw error;
    }
  }

  /** Returns the stored answer, if any. Never calls `produce`, and counts no savings. */
  async peek<T = unknown>(operation: string, request: AiRequest): Promise<AiResult<T> | undefined> {
    const call = this.#prepare(operation, request, {});
    const entry: unknown = await this.#cache.get(call.key);
    if (!isAnswer(entry)) return undefined;
    return this.#describe(call, { answer: entry as Answer<T>, how: 'hit' });
  }

  /**
   * Explains a request: its key, the ttl of its answer, and the reasons for not storing it.
   *
   * @throws ValidationError or SerializationError, like `run`
   */
  explain(operation: string, request: AiRequest, control: AiCacheControl = {}): AiExplanation {
    const call = this.#prepare(operation, request, control);
    const { key, readable, canonical, ignored } = call;
    const { ttlMs, source, capped, jitterMs } = decideTtl(this.#settings.ttl, operation, key, control.ttl);
    return {
      operation,
      key,
      form: readable ? 'readable' : 'digest',
      digest: sha256(canonical),
      parts: requestParts(request, this.#settings),
      ignored,
      ttl: { seconds: ttlMs / 1000, source, capped, jitterSeconds: jitterMs / 1000 },
      tags: answerTags(this.#settings.prefix, operation, request, call.tags),
      ...(control.bypass === true ? { bypassed: 'requested' as const } : {}),
      neverStored,
    };
  }

  /**
   * Invalidates the answers that match all conditions of `selector`, on every instance; with `tags`, the answers with
   * any of the tags. Rejects with `ValidationError` without a condition: use `cache.clear()` to delete everything.
   */
  async invalidate(selector: AiSelector): Promise<void> {
    await this.#cache.invalidateTags(...selectorTags(this.#settings.prefix, selector));
  }

  /** Calls and savings since this service was created, optionally by operation or model. */
  stats(options: { by?: 'operation' | 'model' | undefined } = {}): AiStats {
    assertOptions('stats', options, { by: oneOf('operation', 'model') });
    return this.#ledger.stats(options.by);
  }

  #prepare(operation: string, request: AiRequest, control: AiCacheControl): Call {
    assertControl(control);
    const { prefix, textHashThreshold, ignored, monitor, clock } = this.#settings;
    const start = performance.now();
    const made = requestKey(operation, request, { prefix, textHashThreshold, ignored });
    const duration = performance.now() - start;
    if (monitor?.recordKeyGenerationTime !== undefined) {
      const record = { cache: this.#cache.name, operation, duration, inputLength: made.canonical.length };
      runSafely(() => monitor.recordKeyGenerationTime?.(record));
    }
    const { ttl, tags = [] } = control;
    const model = typeof request.model === 'string' ? request.model : '-';
    return { ...made, operation, request, model, control, ttl, tags, startedAt: clock.now() };
  }

  async #alone<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    const signal = call.control.signal ?? new AbortController().signal;
    signal.throwIfAborted();
    const producing = produceAnswer(this.#settings, call, unboundContext(call.key, signal), produce);
    const answer = await untilAborted(producing, signal);
    return { answer: { ...answer, bypassed: 'requested' }, how: 'bypass' };
  }

  async #shared<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    const { key, control } = call;
    const ended = await (control.refresh === true
      ? this.#refreshed(call, produce)
      : this.#load(call, produce, false));
    // Replace a value that is no answer: an entry of another version or of another program.
    return ended ?? (await this.#load(call, produce, true)) ?? this.#notOurs(key);
  }

  /** Never shares an answer whose production began before this call: at most one older load is waited for. */
  async #refreshed<T>(call: Call, produce: Produce<T>): Promise<Ended<T> | undefined> {
    return this.#productions.during(call.key, async (production) => {
      const before = production.started;
      try {
        const ended = await this.#load(call, produce, true);
        const isOld = ended?.how === 'collapsed' && production.latestStart <= before;
        if (!isOld) return ended;
      } catch (error) {
        // The error of an older load is not the error of this call.
        if (production.started > before || call.control.signal?.aborted === true || before === 0) throw error;
      }
      return this.#load(call, produce, true);
    });
  }

  /** Runs `produce` for a caller that cannot share the answer of another: it can be read once, or is mutable. */
  async #ownAnswer<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    const { answer } = await this.#alone(call, produce);
    return { answer: { ...answer, bypassed: 'unserializable' }, how: 'miss' };
  }

  async #load<T>(call: Call, produce: Produce<T>, forceRefresh: boolean): Promise<Ended<T> | undefined> {
    const { key, control, operation, request, ttl } = call;
    const { signal } = control;
    const { ttlMs } = decideTtl(this.#settings.ttl, operation, key, ttl);
    const tags = answerTags(this.#settings.prefix, operation, request, call.tags);
    const options = { ttl: ttlOption(ttlMs), tags, forceRefresh, signal };
    return this.#productions.during(key, async (production) => {
      const before = production.finished;
      const own: { answer: Answer<T> | undefined } = { answer: undefined };
      const entry = await this.#cache
        .getOrSet<unknown>(
          key,
          async (ctx) => {
            const start = ++production.started;
            const answer = await produceAnswer(this.#settings, call, ctx, produce);
            own.answer = answer;
            production.finished += 1;
            production.latest = answer;
            production.latestStart = start;
            onRefusal(ctx, () => {
              production.refused = answer;
            });
            return answer;
          },
          options,
        )
        .catch((error: unknown) => {
          // Return the paid answer even if a cache of another library cannot store it.
          const { latest, finished } = production;
          if (!(error instanceof SerializationError) || finished === before) throw error;
          return { ...latest, bypassed: 'unserializable' };
        });
      if (!isAnswer(entry)) return undefined;
      const answer = (
        entry === production.refused ? { ...entry, bypassed: 'unserializable' } : entry
      ) as Answer<T>;
      if (own.answer !== undefined) {
        // Return the value that `produce` gave, not the copy of it that the cache keeps.
        const { value } = own.answer;
        return { answer: { ...answer, value }, how: control.refresh === true ? 'refresh' : 'miss' };
      }
      if (production.finished === before) return { answer, how: 'hit' };
      if (answer.bypassed === undefined) return { answer, how: 'collapsed' };
      const copy = sharedCopy(answer.value);
      if (copy === undefined) return this.#ownAnswer(call, produce);
      return { answer: { ...answer, ...copy }, how: 'collapsed' };
    });
  }

  #notOurs(key: string): never {
    throw new ValidationError(
      `the cache returned a value for key ${describeValue(key)} that is not an AI answer`,
    );
  }

  #result<T>(call: Call, ended: Ended<T>): AiResult<T> {
    const { answer, how } = ended;
    const { operation, model, request, startedAt } = call;
    const spared = how === 'hit' || how === 'collapsed';
    const tookMs = this.#settings.clock.now() - startedAt;
    const price = priceOf(this.#settings.prices, answer.model, request.model);
    const savings = spared ? savingsOf(answer.usage, price, answer.producedMs, tookMs) : undefined;
    this.#ledger.count(operation, model, outcomes[how], savings);
    const isLost = (how === 'miss' || how === 'refresh') && answer.bypassed !== undefined;
    if (isLost) this.#ledger.countNotStored(operation, model);
    const result = this.#describe(call, ended);
    return savings === undefined ? result : { ...result, savings };
  }

  #describe<T>(call: Call, ended: Ended<T>): AiResult<T> {
    return describeResult(call, ended, { cache: this.#cache.name, nowMs: this.#settings.clock.now() });
  }
}
