import { AsyncLocalStorage } from 'node:async_hooks';

import { BaseCache } from '@langchain/core/caches';

import { AiCacheService, type AiCacheControl, type AiContext, type AiOutput } from '../ai/index.js';
import { assertOptions, nonEmptyString, timeout } from '../base/checks.js';
import { durationMs, timerMs } from '../base/duration.js';
import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import type { Ttl } from '../cache/contract/options.js';
import { failureHandler, type FailureHandler } from './failures.js';
import { outputOf, revived, type Generations } from './generations.js';
import { requestOf } from './llm-key.js';
import { ModelCalls, NoAnswer, type ModelCall, type Stored } from './model-calls.js';

export interface LangChainCacheOptions {
  /** The operation of the answers, for `ttl` and `stats`. Default `'langchain'`. */
  readonly operation?: string | undefined;
  /** The owner of the answers, or a function that returns it for each call. Default: none. */
  readonly tenant?: unknown;
  /** Version of the prompts, a part of every key. Default: none. */
  readonly promptVersion?: string | number | undefined;
  /** Options of each call: ttl, tags. Default: those of the operation. */
  readonly control?: Pick<AiCacheControl, 'ttl' | 'tags'> | undefined;
  /**
   * The longest that a call waits for an equal one that runs, above 0. Then it asks the model itself. Default `'10s'`.
   *
   * LangChain does not tell a cache that a call has failed: without {@link LangChainCache.failures}, calls equal to a
   * failed one wait this long.
   */
  readonly maxWait?: Ttl | undefined;
}

const checks = {
  operation: nonEmptyString,
  tenant: () => undefined,
  promptVersion: (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? undefined : 'must be a string or a number',
  control: () => undefined,
  maxWait: timeout,
};

/** A prompt for a model. */
interface Asked {
  readonly request: object;
  /** The same prompt for the same model and tenant. */
  readonly id: string;
  readonly prompt: string;
}

/**
 * A cache of LangChain on an {@link AiCacheService}:
 *
 * ```ts
 * const cache = new LangChainCache(ai);
 * const model = new ChatOpenAI({ model: 'gpt-4o', cache, callbacks: [cache.failures] });
 * ```
 *
 * Equal `invoke` calls at a time share one model call, bounded by `maxWait`. Incomplete and empty answers are not
 * stored. API keys are not part of a key, so a rotated one keeps the answers; prompts are not stored.
 *
 * Limits of LangChain's interface: `stream()` never asks a cache. Prompts with pictures, sounds and files reach it as
 * placeholders (`[image]`): they are not cached, nor is a text that contains such a placeholder.
 *
 * @throws ValidationError if `ai` is no AiCacheService, or an option is invalid
 */
export class LangChainCache extends BaseCache {
  /**
   * A handler for `callbacks` of the model: calls that wait for a failed one go on at once. Without it they wait
   * `maxWait`, for LangChain does not tell a cache of failures.
   */
  readonly failures: FailureHandler;
  readonly #ai: AiCacheService;
  readonly #options: LangChainCacheOptions;
  readonly #maxWaitMs: number;
  readonly #calls: ModelCalls;
  /**
   * The lookups that began in one go: `generate` looks up all its prompts before it asks the model, so a prompt that it
   * has twice must not wait for itself.
   */
  readonly #together = new AsyncLocalStorage<Map<string, Promise<Stored | null>>>();

  constructor(ai: AiCacheService, options: LangChainCacheOptions = {}) {
    super();
    if (!(ai instanceof AiCacheService)) {
      throw new ValidationError(`ai must be an AiCacheService, got ${describeValue(ai)}`, 'LangChainCache');
    }
    assertOptions('LangChainCache', options, checks);
    this.#ai = ai;
    this.#options = options;
    this.#maxWaitMs = timerMs(durationMs(options.maxWait ?? '10s', 'maxWait'));
    this.#calls = new ModelCalls(this.#maxWaitMs);
    this.failures = failureHandler((prompt) => {
      this.#calls.fail(prompt);
    });
  }

  /** Returns the stored generations, or those of an equal call that runs; `null` = the caller asks the model. */
  override async lookup(prompt: string, llmKey: string): Promise<Generations | null> {
    const asked = this.#asked(prompt, llmKey);
    if (asked === undefined) return null;
    const together = this.#together.getStore() ?? new Map<string, Promise<Stored | null>>();
    this.#together.enterWith(together);
    const found = together.get(asked.id) ?? this.#find(asked);
    together.set(asked.id, found);
    try {
      const generations = await found;
      return generations === null ? null : revived(generations);
    } finally {
      together.delete(asked.id);
    }
  }

  /** Stores what the model generated. Never rejects: the answer is paid for. */
  override async update(prompt: string, llmKey: string, generations: Generations): Promise<void> {
    try {
      const asked = this.#asked(prompt, llmKey);
      if (asked === undefined) return;
      const output = outputOf(generations);
      const call = this.#calls.take(asked.id);
      call?.answer(output);
      if ((await call?.ended) === true) return;
      // The load has ended without the answer: it waited too long, or this call never joined one.
      await this.#ai.warm(this.#operation, [[asked.request, output]], this.#options.control);
    } catch {
      // An answer that cannot be stored reaches its caller all the same.
    }
  }

  get #operation(): string {
    return this.#options.operation ?? 'langchain';
  }

  #asked(prompt: string, llmKey: string): Asked | undefined {
    const request = requestOf(prompt, llmKey);
    if (request === undefined) return undefined;
    const { tenant: given, promptVersion } = this.#options;
    const tenant: unknown = typeof given === 'function' ? Reflect.apply(given, undefined, []) : given;
    const id = JSON.stringify([tenant, llmKey, prompt]);
    return { request: { ...request, tenant, promptVersion }, id, prompt };
  }

  /** Looks into the cache, and joins an equal call that runs. `null`: a miss, or it has waited long enough. */
  async #find({ request, id, prompt }: Asked): Promise<Stored | null> {
    let own: ModelCall | undefined;
    let leave = (_none: null): void => undefined;
    const left = new Promise<null>((resolve) => {
      leave = resolve;
    });
    let isOpen = true;
    const timer = setTimeout(() => {
      isOpen = false;
      leave(null);
    }, this.#maxWaitMs);
    const produce = (ctx: AiContext): Promise<AiOutput<Stored>> => {
      // A refresh in the background, or the caller has given up: no model call will bring an answer.
      if (!isOpen) return Promise.reject(new NoAnswer('no model call was made'));
      isOpen = false;
      own = this.#calls.begin(id, prompt, ctx);
      leave(null);
      return own.output;
    };
    const found = this.#ai.run<Stored>(this.#operation, request, produce, this.#options.control).then(
      ({ value }) => {
        own?.end(true);
        return value;
      },
      (error: unknown) => {
        own?.end(false);
        if (error instanceof NoAnswer) return null;
        throw error;
      },
    );
    try {
      return await Promise.race([found, left]);
    } finally {
      isOpen = false;
      clearTimeout(timer);
    }
  }
}
