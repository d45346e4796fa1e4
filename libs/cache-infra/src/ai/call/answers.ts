import type { Cache } from '../../cache/contract/cache.js';
import type { LoadContext, LoadOptions } from '../../cache/contract/options.js';
import { onRefusal } from '../../cache/observe/refusals.js';
import {
  AiNotCachedError,
  CacheError,
  InfrastructureError,
  SerializationError,
  ValidationError,
} from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { BypassReason } from '../answer/cacheability.js';
import { isAnswer, isFailed, storedForm, type Answer } from '../answer/answer.js';
import { sharedCopy } from '../answer/kept-kind.js';
import { isAcceptable } from './acceptable.js';
import { tagsOf } from './call-tags.js';
import type { AlikeCandidate, AlikePort } from './alike-port.js';
import type { Call, Ended } from './call.js';
import { produceAnswer, unboundContext } from './produce.js';
import type { Produce } from './producer.js';
import { beginProduction, latestProduction, type Production, type Productions } from './productions.js';
import { completed } from './read-answer.js';
import type { ResolvedSettings } from './settings.js';
import { untilAborted } from './until-aborted.js';

export interface AnswersDeps {
  readonly cache: Cache;
  readonly settings: ResolvedSettings;
  readonly productions: Productions;
  /** Called for each stored answer that `accept` refused. */
  readonly refused: (call: Call) => void;
  /** Undefined = requests must be equal. */
  readonly alike?: AlikePort | undefined;
}

/** What the loader of a call found or made. */
interface OwnLoad<T> {
  answer: Answer<T> | undefined;
  alike: AlikeCandidate | undefined;
}

/** Gets the answers of calls: stored ones, those of concurrent equal calls, and new ones. */
export class Answers {
  readonly #cache: Cache;
  readonly #settings: ResolvedSettings;
  readonly #productions: Productions;
  readonly #refused: (call: Call) => void;
  readonly #alike: AlikePort | undefined;

  constructor({ cache, settings, productions, refused, alike }: AnswersDeps) {
    this.#cache = cache;
    this.#settings = settings;
    this.#productions = productions;
    this.#refused = refused;
    this.#alike = alike;
  }

  /** Returns the answer to a call: stored, shared or produced, as its control allows. */
  async get<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    const { bypass, noStore, onlyIfCached, noCache, refresh } = call.control;
    if (bypass === true) return this.#alone(call, produce);
    if (noStore !== true && onlyIfCached !== true) return this.#shared(call, produce);
    const stored = noCache === true || refresh === true ? undefined : await this.stored<T>(call);
    if (stored !== undefined) return { answer: stored, how: 'hit' };
    if (onlyIfCached === true) throw new AiNotCachedError(call.operation, call.key);
    return this.#alone(call, produce);
  }

  /** Returns the stored answer, if any that may be served to this call. */
  async stored<T>(call: Call): Promise<Answer<T> | undefined> {
    const entry: unknown = await this.#cache.get(call.key);
    const answer = isAnswer(entry) ? completed(this.#settings, call, entry) : undefined;
    if (answer !== undefined) return (await this.#accepts(call, answer)) ? (answer as Answer<T>) : undefined;
    const { signal } = call.control;
    const alike = await this.#findAlike(call, signal);
    return alike?.isServed === true ? (alike.answer as Answer<T>) : undefined;
  }

  /** A stored answer of a request that is alike. One that is served has its value, and `accept` takes it. */
  async #findAlike(call: Call, signal: AbortSignal | undefined): Promise<AlikeCandidate | undefined> {
    const { refresh, noCache } = call.control;
    if (call.settings.alike === undefined || refresh === true || noCache === true) return undefined;
    const found = await this.#alike?.find(call, signal);
    if (found === undefined) return undefined;
    const answer = completed(this.#settings, call, found.answer);
    if (answer === undefined) return undefined;
    const isServed = found.isServed && (await this.#accepts(call, answer));
    return { ...found, answer: { ...answer, matched: found.matched }, isServed };
  }

  /** Whether a stored answer may be served to this call. */
  async #accepts(call: Call, answer: Answer<unknown>): Promise<boolean> {
    if (call.settings.accept === undefined && call.control.accept === undefined) return true;
    if (await isAcceptable(this.#settings, call, answer)) return true;
    this.#refused(call);
    return false;
  }

  /** Produces an answer that is neither stored nor shared. */
  async #alone<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    return { answer: await this.#unstored(call, produce, 'requested'), how: 'bypass' };
  }

  async #unstored<T>(call: Call, produce: Produce<T>, bypassed: BypassReason): Promise<Answer<T>> {
    const signal = call.control.signal ?? new AbortController().signal;
    signal.throwIfAborted();
    const producing = produceAnswer(this.#settings, call, unboundContext(call.key, signal), produce);
    const answer = await untilAborted(producing, signal);
    return { ...answer, bypassed };
  }

  async #shared<T>(call: Call, produce: Produce<T>): Promise<Ended<T>> {
    const { refresh, noCache } = call.control;
    const first =
      refresh === true ? this.#refreshed(call, produce) : this.#load(call, produce, noCache === true);
    // Replace a value that is no answer: an entry of another version or of another program.
    const ended = (await first) ?? (await this.#load(call, produce, true));
    if (ended === undefined) throw notOurs(call.key);
    if (await this.#mayHave(call, ended)) return ended;
    if (ended.how === 'hit') {
      const replaced = await this.#refreshed(call, produce);
      // Also a replacement may be an answer of others: a stale one, if `produce` failed.
      if (replaced !== undefined && (await this.#mayHave(call, replaced))) return replaced;
    }
    return { answer: await this.#unstored(call, produce, 'not-accepted'), how: 'miss' };
  }

  /** Whether a call may have an answer: its own, or one of others that `accept` takes. */
  async #mayHave(call: Call, { answer, how }: Ended<unknown>): Promise<boolean> {
    return (how !== 'hit' && how !== 'collapsed') || this.#accepts(call, answer);
  }

  /** Never shares an answer whose production began before this call: at most one older load is waited for. */
  async #refreshed<T>(call: Call, produce: Produce<T>): Promise<Ended<T> | undefined> {
    return this.#productions.during(call.key, async (production) => {
      const before = production.started;
      const latest = latestProduction();
      try {
        const ended = await this.#load(call, produce, true);
        const isOld = ended?.how === 'collapsed' && (ended.answer.production ?? 0) <= latest;
        if (!isOld) return ended;
      } catch (error) {
        // The error of an older load is not the error of this call.
        if (production.started > before || call.control.signal?.aborted === true || before === 0) throw error;
      }
      return this.#load(call, produce, true);
    });
  }

  async #load<T>(call: Call, produce: Produce<T>, forceRefresh: boolean): Promise<Ended<T> | undefined> {
    const { key } = call;
    return this.#productions.during(key, async (production) => {
      const before = production.finished;
      const own: OwnLoad<T> = { answer: undefined, alike: undefined };
      const loader = async (ctx: LoadContext): Promise<object> => {
        if (call.settings.alike !== undefined) own.alike = await this.#findAlike(call, ctx.signal);
        own.answer = await this.#produced(call, ctx, produce, production, own.alike);
        return storedForm(own.answer);
      };
      const entry = await this.#cache
        .getOrSet<unknown>(key, loader, this.#loadOptions(call, forceRefresh))
        .catch((error: unknown) => {
          // Return the paid answer even if the cache cannot store it.
          const { latest, finished } = production;
          if (finished === before || call.control.signal?.aborted === true) throw error;
          if (error instanceof SerializationError) return { ...latest, bypassed: 'unserializable' };
          if (error instanceof InfrastructureError) return { ...latest, bypassed: 'store-failed' };
          throw error;
        });
      if (isFailed(entry))
        throw (production.failure?.error ??
          new CacheError('the batch that produced the answer failed')) as Error;
      if (!isAnswer(entry)) return undefined;
      if (own.answer?.matched !== undefined) {
        if (own.alike?.compare !== undefined) this.#check(call, produce, own.alike);
        return { answer: own.answer, how: 'hit' };
      }
      if (own.answer !== undefined) {
        // Return the value that `produce` gave, not the copy of it that the cache keeps.
        const bypassed = entry.bypassed ?? (production.refused === own.answer ? 'unserializable' : undefined);
        const answer = bypassed === undefined ? own.answer : { ...own.answer, bypassed };
        return { answer, how: call.control.refresh === true ? 'refresh' : 'miss' };
      }
      return this.#read<T>(call, produce, entry, { production, isHit: production.finished === before });
    });
  }

  #loadOptions(call: Call, forceRefresh: boolean): LoadOptions {
    const { prefix } = this.#settings;
    return {
      // Made when the cache first asks: a hit does not.
      get tags() {
        return tagsOf(prefix, call);
      },
      forceRefresh,
      signal: call.control.signal,
      plain: call.settings.revive !== undefined ? true : undefined,
    };
  }

  /** Runs `produce` within a load of the cache. */
  async #produced<T>(
    call: Call,
    ctx: LoadContext,
    produce: Produce<T>,
    production: Production,
    alike: AlikeCandidate | undefined,
  ): Promise<Answer<T>> {
    production.started += 1;
    if (call.settings.alike !== undefined) this.#alike?.note(call);
    const number = beginProduction();
    const answer =
      alike?.isServed === true
        ? served(alike.answer as Answer<T>, ctx)
        : { ...(await produceAnswer(this.#settings, call, ctx, produce)), production: number };
    if (alike?.isServed !== true) this.#compared(call, answer, alike);
    production.finished += 1;
    production.latest = answer;
    onRefusal(ctx, () => {
      production.refused = answer;
    });
    return answer;
  }

  /** Lets others find a new answer, and compares it with one that would have been served. */
  #compared(call: Call, answer: Answer<unknown>, alike: AlikeCandidate | undefined): void {
    if (answer.bypassed !== undefined || call.settings.alike === undefined) return;
    alike?.compare?.(answer.value, alike.answer.value);
    this.#alike?.remember(call, answer);
  }

  /** Produces and stores the answer to a request that was served an alike one, to compare them. Nothing waits for it. */
  #check<T>(call: Call, produce: Produce<T>, { compare, answer: { value } }: AlikeCandidate): void {
    const own = { ...call, control: { ...call.control, signal: undefined, noCache: true } };
    this.#load(own, produce, true)
      .then((ended) => {
        if (ended?.answer.bypassed === undefined) compare?.(ended?.answer.value, value);
      })
      .catch((error: unknown) => {
        this.#settings.faults.threw('produce', call.operation, error, 'a served answer is not checked');
      });
  }

  /** An answer that this call did not produce: stored, or of a concurrent equal call. */
  async #read<T>(
    call: Call,
    produce: Produce<T>,
    entry: Answer<unknown>,
    { production, isHit }: { readonly production: Production; readonly isHit: boolean },
  ): Promise<Ended<T> | undefined> {
    if (isHit) {
      const answer = completed(this.#settings, call, entry) as Answer<T> | undefined;
      // The entry cannot be read: replace it.
      return answer === undefined ? undefined : { answer, how: 'hit' };
    }
    if (entry.matched !== undefined) return this.#readAlike<T>(call, produce, entry);
    const isRefused = production.refused !== undefined && production.latest === production.refused;
    const shared: Answer<unknown> = isRefused ? { ...entry, bypassed: 'unserializable' } : entry;
    if (shared.bypassed === undefined) {
      const answer = completed(this.#settings, call, shared) as Answer<T> | undefined;
      if (answer !== undefined) return { answer, how: 'collapsed' };
    } else if (shared.lost === undefined) {
      const copy = sharedCopy(completed(this.#settings, call, shared)?.value as T);
      if (copy !== undefined) return { answer: { ...shared, ...copy }, how: 'collapsed' };
    }
    // The answer can be read once, or is mutable: each caller needs its own.
    const reason = shared.bypassed ?? 'unserializable';
    return { answer: await this.#unstored(call, produce, reason), how: 'miss' };
  }

  /** The alike answer that a concurrent equal call found. It is a hit for this call, too, if `accept` takes it. */
  async #readAlike<T>(call: Call, produce: Produce<T>, entry: Answer<unknown>): Promise<Ended<T>> {
    const copy = sharedCopy(entry.value as T);
    if (copy !== undefined && (await this.#accepts(call, entry)))
      return { answer: { ...entry, ...copy }, how: 'hit' };
    return { answer: await this.#unstored(call, produce, 'not-accepted'), how: 'miss' };
  }
}

/** Serves a stored answer in place of a produced one. It is stored under its own key already. */
function served<T>(answer: Answer<T>, ctx: LoadContext): Answer<T> {
  ctx.skipStore();
  return answer;
}

function notOurs(key: string): ValidationError {
  return new ValidationError(
    `the cache returned a value for key ${describeValue(key)} that is not an AI answer`,
  );
}
