import type { Cache } from '../cache/contract/cache.js';
import { assertOptions, oneOf } from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import { inTurns } from '../base/turn.js';
import { sha256 } from '../keys/digest.js';
import { describeValue } from '../base/redact.js';
import { neverStored } from './answer/cacheability.js';
import type { AlikeStats } from './alike/alike-found.js';
import { AlikeTier } from './alike/alike-tier.js';
import type { AiOutput } from './answer/output.js';
import { Batches } from './batch/batches.js';
import type { ProduceBatch } from './batch/producer.js';
import { warm, type AiWarmed } from './batch/warm.js';
import { Answers } from './call/answers.js';
import type { Call } from './call/call.js';
import { tagsOf } from './call/call-tags.js';
import { noControl, type AiCacheControl } from './call/control.js';
import type { AiExplanation } from './call/explanation.js';
import { prepareCall } from './call/prepare.js';
import type { Produce } from './call/producer.js';
import { Productions } from './call/productions.js';
import { registerOperations } from './call/registered-operations.js';
import type { AiResult } from './call/result.js';
import { Results } from './call/results.js';
import { resolveSettings, type AiCacheSettings, type ResolvedSettings } from './call/settings.js';
import { decideTtl } from './call/ttl-policy.js';
import { requestParts, type RequestPart } from './request/request-key.js';
import type { AiRequest } from './request/request.js';
import { selectorTags } from './request/selector-tags.js';
import type { AiSelector } from './request/selector.js';
import { SavingsLedger, type AiStats } from './savings/savings.js';
import type { AiStream } from './stream/ai-stream.js';
import type { ProduceStream } from './stream/producer.js';
import { Streams } from './stream/streams.js';

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
  readonly #results: Results;
  readonly #answers: Answers;
  readonly #alike: AlikeTier | undefined;
  readonly #streams: Streams;
  readonly #batches: Batches;

  /** @throws ValidationError that lists every invalid setting, or names an operation that another service has otherwise */
  constructor(cache: Cache, settings: AiCacheSettings = {}) {
    this.#cache = cache;
    this.#settings = resolveSettings(settings, cache.defaultTtl);
    registerOperations(cache, this.#settings);
    this.#ledger = new SavingsLedger(this.#settings.maxSeries);
    this.#results = new Results(cache.name, this.#settings, this.#ledger);
    const productions = new Productions();
    this.#alike = hasAlike(this.#settings) ? new AlikeTier(cache, this.#settings) : undefined;
    this.#answers = new Answers({
      ...{ cache, settings: this.#settings, productions },
      refused: (call) => {
        this.#results.notAccepted(call);
      },
      alike: this.#alike,
    });
    this.#streams = new Streams(cache.name, this.#settings, this.#answers, this.#results);
    this.#batches = new Batches({
      cache,
      settings: this.#settings,
      results: this.#results,
      productions,
      alike: this.#alike,
    });
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
    control: AiCacheControl = noControl,
  ): Promise<AiResult<T>> {
    assertProducer(produce);
    const call = this.#prepare(operation, request, control);
    try {
      return this.#results.of(call, await this.#answers.get(call, produce));
    } catch (error) {
      this.#results.failed(call);
      throw error;
    }
  }

  /**
   * As {@link run}, chunk by chunk: the stored answer is replayed, the stream of a concurrent equal call is shared from
   * its beginning, or `produce` runs. The answer is stored after a clean end only. `run` and `stream` of equal requests
   * share an answer, see `shape`.
   *
   * @throws ValidationError or SerializationError for invalid arguments, as `run` rejects
   */
  stream<C>(
    operation: string,
    request: AiRequest,
    produce: ProduceStream<C>,
    control: AiCacheControl = noControl,
  ): AiStream<C> {
    assertProducer(produce);
    return this.#streams.open(this.#prepare(operation, request, control), produce);
  }

  /**
   * As {@link run}, for many requests: `produceMissing` is called once, with the requests that have no answer. Equal
   * requests count once. Returns the results in the order of `requests`.
   *
   * Rejects with `AiBatchError` if a request failed, with the results of the others.
   */
  async batch<R extends AiRequest, T>(
    operation: string,
    requests: readonly R[],
    produceMissing: ProduceBatch<R, T>,
    control: AiCacheControl = noControl,
  ): Promise<AiResult<T>[]> {
    assertProducer(produceMissing);
    assertList('requests', requests);
    const calls = await inTurns(requests, (request) => this.#prepare(operation, request, control));
    return this.#batches.get(operation, calls, produceMissing);
  }

  /**
   * Stores outputs that are known already, replacing stored answers. What is not stored of a produced answer is not
   * stored here, either.
   */
  async warm(
    operation: string,
    pairs: readonly (readonly [request: AiRequest, output: AiOutput<unknown>])[],
    control: AiCacheControl = noControl,
  ): Promise<AiWarmed> {
    assertList('pairs', pairs);
    const calls = await inTurns(
      pairs,
      ([request, output]) => [this.#prepare(operation, request, control), output] as const,
    );
    return warm(this.#cache, this.#settings, calls, this.#alike);
  }

  /**
   * Returns the stored answer, if there is one that `accept` takes. Never calls `produce`, and counts no savings. Of
   * `control`, only `accept` and `shape` matter.
   */
  async peek<T = unknown>(
    operation: string,
    request: AiRequest,
    control: AiCacheControl = noControl,
  ): Promise<AiResult<T> | undefined> {
    const call = this.#prepare(operation, request, control);
    const answer = await this.#answers.stored<T>(call);
    return answer === undefined ? undefined : this.#results.describe(call, { answer, how: 'hit' });
  }

  /**
   * Explains a request: its key, the ttl of its answer, and the reasons for not storing it. With `other`, also the
   * fields in which the two requests differ: why one does not get the answer of the other.
   *
   * @throws ValidationError or SerializationError, like `run`
   */
  explain(
    operation: string,
    request: AiRequest,
    other?: AiRequest,
    control: AiCacheControl = noControl,
  ): AiExplanation {
    const call = this.#prepare(operation, request, control);
    const { key, readable, canonical, ignored } = call;
    const { ttlMs, source, capped, jitterMs } = decideTtl(this.#settings.ttl, operation, key, control.ttl);
    const parts = requestParts(request, this.#settings);
    return {
      operation,
      key,
      form: readable ? 'readable' : 'digest',
      digest: sha256(canonical),
      parts,
      ignored,
      ...(other === undefined ? {} : { differs: this.#differences(operation, parts, other) }),
      ttl: { seconds: ttlMs / 1000, source, capped, jitterSeconds: jitterMs / 1000 },
      tags: tagsOf(this.#settings.prefix, call),
      ...(control.bypass === true ? { bypassed: 'requested' as const } : {}),
      neverStored,
    };
  }

  /**
   * Invalidates the answers that match all conditions of `selector`, on every instance; with `tags`, the answers with
   * any of the tags; with `key`, the one answer with the key of a result. Rejects with `ValidationError` without a
   * condition: use `cache.clear()` to delete everything.
   */
  async invalidate(selector: AiSelector): Promise<void> {
    const tags = selectorTags(this.#settings.prefix, selector);
    await (selector.key === undefined
      ? this.#cache.invalidateTags(...tags)
      : this.#cache.delete(selector.key));
  }

  /**
   * Calls and savings since this service was created, optionally by operation, model or tenant. `alike`: the look-ups of
   * operations that match by meaning.
   */
  stats(
    options: { by?: 'operation' | 'model' | 'tenant' | undefined } = {},
  ): AiStats & { readonly alike?: Readonly<Record<string, AlikeStats>> } {
    assertOptions('stats', options, { by: oneOf('operation', 'model', 'tenant') });
    const stats = this.#ledger.stats(options.by);
    return this.#alike === undefined ? stats : { ...stats, alike: this.#alike.stats() };
  }

  #prepare(operation: string, request: AiRequest, control: AiCacheControl): Call {
    return prepareCall(this.#settings, this.#cache.name, operation, request, control);
  }

  #differences(operation: string, parts: readonly RequestPart[], other: AiRequest): string[] {
    this.#prepare(operation, other, noControl);
    const digests = new Map(requestParts(other, this.#settings).map(({ name, digest }) => [name, digest]));
    const own = parts.filter(({ name, digest }) => digests.get(name) !== digest).map(({ name }) => name);
    const names = new Set(parts.map(({ name }) => name));
    return [...own, ...[...digests.keys()].filter((name) => !names.has(name))];
  }
}

/** @throws ValidationError unless `produce` is a function */
function assertProducer(produce: unknown): void {
  if (typeof produce === 'function') return;
  throw new ValidationError(`produce must be a function, got ${describeValue(produce)}`);
}

/** @throws ValidationError unless `list` is an array */
function assertList(name: string, list: unknown): void {
  if (!Array.isArray(list)) throw new ValidationError(`${name} must be an array, got ${describeValue(list)}`);
}

function hasAlike({ operations }: ResolvedSettings): boolean {
  return [...operations.values()].some(({ alike }) => alike !== undefined);
}
