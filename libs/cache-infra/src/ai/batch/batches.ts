import type { BulkLoadContext } from '../../cache/contract/bulk-load.js';
import type { Cache } from '../../cache/contract/cache.js';
import {
  AiBatchError,
  AiNotCachedError,
  BulkLoadError,
  CacheError,
  ValidationError,
} from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { failedAnswer, isAnswer, isFailed, storedForm, type Answer } from '../answer/answer.js';
import { sharedCopy } from '../answer/kept-kind.js';
import { isAcceptable } from '../call/acceptable.js';
import type { AlikePort } from '../call/alike-port.js';
import type { Call, Ended } from '../call/call.js';
import { tagsOf } from '../call/call-tags.js';
import { checkedOwnTags } from '../request/selector-tags.js';
import { beginProduction, latestProduction, type Production, type Productions } from '../call/productions.js';
import { untilAborted } from '../call/until-aborted.js';
import { inTurns, Turn } from '../../base/turn.js';
import { answerTo, since } from '../call/produce.js';
import { completed } from '../call/read-answer.js';
import type { AiResult } from '../call/result.js';
import type { Results } from '../call/results.js';
import type { ResolvedSettings } from '../call/settings.js';
import { ttlOption } from '../call/ttl-policy.js';
import type { AiRequest } from '../request/request.js';
import type { ProduceBatch } from './producer.js';

/** How the requests of a batch ended, by key. */
interface Outcome {
  readonly ended: Map<string, Ended<unknown>>;
  readonly errors: Map<string, unknown>;
}

export interface BatchDeps {
  readonly cache: Cache;
  readonly settings: ResolvedSettings;
  readonly results: Results;
  readonly productions: Productions;
  /** Undefined = requests must be equal. */
  readonly alike?: Pick<AlikePort, 'note' | 'remember'> | undefined;
}

/** Answers many requests of one operation: those that are stored or shared, and the others by one production. */
export class Batches {
  readonly #deps: BatchDeps;

  constructor(deps: BatchDeps) {
    this.#deps = deps;
  }

  /** Returns the results in the order of the calls. Rejects with `AiBatchError` if one failed. */
  async get<R extends AiRequest, T>(
    operation: string,
    calls: readonly Call[],
    produce: ProduceBatch<R, T>,
  ): Promise<AiResult<T>[]> {
    const [first] = calls;
    if (first === undefined) return [];
    const batch = new Batch(this.#deps, first, produce as ProduceBatch<AiRequest, T>);
    const outcome = await batch.get([...new Map(calls.map((call) => [call.key, call])).values()]);
    return this.#inOrder(operation, calls, outcome);
  }

  async #inOrder<T>(
    operation: string,
    calls: readonly Call[],
    { ended, errors }: Outcome,
  ): Promise<AiResult<T>[]> {
    const seen = new Set<string>();
    const failed = new Map<number, unknown>();
    const { results: made } = this.#deps;
    const results = await inTurns(calls, (call, position) => {
      const found = ended.get(call.key);
      if (found === undefined) {
        made.failed(call);
        failed.set(position, errors.get(call.key) ?? noOutput());
        return undefined;
      }
      const result = made.of(call, seen.has(call.key) ? again(found) : found);
      seen.add(call.key);
      return result as AiResult<T>;
    });
    if (failed.size > 0) throw new AiBatchError(operation, results, failed);
    return results.filter((result) => result !== undefined);
  }
}

/** One call of `batch`. All of its requests have one control. */
class Batch {
  readonly #cache: Cache;
  readonly #settings: ResolvedSettings;
  readonly #results: Results;
  readonly #productions: Productions;
  readonly #alike: BatchDeps['alike'];
  readonly #first: Call;
  readonly #produce: ProduceBatch<AiRequest, unknown>;

  constructor(deps: BatchDeps, first: Call, produce: ProduceBatch<AiRequest, unknown>) {
    this.#cache = deps.cache;
    this.#settings = deps.settings;
    this.#results = deps.results;
    this.#productions = deps.productions;
    this.#alike = deps.alike;
    this.#first = first;
    this.#produce = produce;
  }

  async get(calls: readonly Call[]): Promise<Outcome> {
    const { bypass, noStore, onlyIfCached, noCache, refresh } = this.#first.control;
    if (bypass === true) return this.#alone(calls);
    const isForced = noCache === true || refresh === true;
    if (noStore !== true && onlyIfCached !== true) return this.#shared(calls, isForced);
    const found = isForced ? emptyOutcome() : await this.#stored(calls);
    const missing = calls.filter(({ key }) => !found.ended.has(key));
    if (onlyIfCached === true) {
      for (const { operation, key } of missing) found.errors.set(key, new AiNotCachedError(operation, key));
      return found;
    }
    return merged(found, await this.#alone(missing));
  }

  async #shared(calls: readonly Call[], isForced: boolean): Promise<Outcome> {
    const found = await this.#load(calls, isForced);
    const accepted = await this.#acceptable(calls, found);
    const others = calls.filter(({ key }) => !accepted.ended.has(key) && !accepted.errors.has(key));
    // Refused by `accept`, or no answer of ours: replace them.
    const replaced = others.length === 0 ? emptyOutcome() : await this.#load(others, true);
    const result = merged(accepted, await this.#acceptable(others, replaced));
    const unshared = calls.filter(({ key }) => !result.ended.has(key) && !result.errors.has(key));
    return unshared.length === 0 ? result : merged(result, await this.#alone(unshared, 'miss'));
  }

  /** The outcome without stored and shared answers that `accept` refuses. */
  async #acceptable(calls: readonly Call[], { ended, errors }: Outcome): Promise<Outcome> {
    if (this.#first.settings.accept === undefined && this.#first.control.accept === undefined)
      return { ended, errors };
    const accepted: Outcome = { ended: new Map(), errors };
    for (const call of calls) {
      const each = ended.get(call.key);
      if (each === undefined) continue;
      const isOfOthers = each.how === 'hit' || each.how === 'collapsed';
      if (!isOfOthers || (await isAcceptable(this.#settings, call, each.answer)))
        accepted.ended.set(call.key, each);
      else this.#results.notAccepted(call);
    }
    return accepted;
  }

  async #stored(calls: readonly Call[]): Promise<Outcome> {
    const found = emptyOutcome();
    const entries = await this.#cache.getMany(calls.map(({ key }) => key));
    for (const call of calls) {
      const answer = this.#read(call, entries.get(call.key));
      if (answer !== undefined) found.ended.set(call.key, { answer, how: 'hit' });
    }
    return this.#acceptable(calls, found);
  }

  /** Produces answers that are neither stored nor shared. */
  async #alone(calls: readonly Call[], how: 'bypass' | 'miss' = 'bypass'): Promise<Outcome> {
    const found = emptyOutcome();
    if (calls.length === 0) return found;
    const signal = this.#first.control.signal ?? new AbortController().signal;
    signal.throwIfAborted();
    try {
      const { answers, errors } = await untilAborted(this.#produced(calls, signal), signal);
      for (const [key, answer] of answers) {
        const bypassed = answer.bypassed ?? (how === 'bypass' ? 'requested' : 'not-accepted');
        found.ended.set(key, { answer: { ...answer, bypassed }, how });
      }
      for (const [key, error] of errors) found.errors.set(key, error);
    } catch (error) {
      signal.throwIfAborted();
      for (const { key } of calls) found.errors.set(key, error);
    }
    return found;
  }

  async #load(calls: readonly Call[], forceRefresh: boolean): Promise<Outcome> {
    const members = new Map<string, Member>();
    const latest = latestProduction();
    for (const call of calls) {
      const production = this.#productions.enter(call.key);
      members.set(call.key, { call, production, finished: production.finished, latest, own: undefined });
    }
    try {
      const found = await this.#loaded(members, forceRefresh);
      const isRefresh = this.#first.control.refresh === true;
      // An answer whose production began before this call is none of a refresh.
      const old = isRefresh ? [...members.values()].filter((member) => isOld(member, found)) : [];
      if (old.length === 0) return found;
      for (const { call } of old) found.ended.delete(call.key);
      const again = await this.#loaded(new Map(old.map((member) => [member.call.key, member])), true);
      return merged(found, again);
    } finally {
      for (const [key, { production }] of members) this.#productions.leave(key, production);
    }
  }

  async #loaded(members: ReadonlyMap<string, Member>, forceRefresh: boolean): Promise<Outcome> {
    const found = emptyOutcome();
    const loader = async (missing: readonly string[], ctx: BulkLoadContext): Promise<Map<string, object>> => {
      const asked = missing.flatMap((key) => members.get(key) ?? []);
      for (const { production } of asked) production.started += 1;
      const number = beginProduction();
      for (const { call } of asked) this.#alike?.note(call);
      // Before the answers are produced: an invalidation of a tag supersedes the loads that have it. One that comes
      // between two turns has a later epoch than the load, so the answer is dead when it is stored.
      await inTurns(asked, ({ call }) => {
        ctx.set(call.key, { tags: tagsOf(this.#settings.prefix, call) });
      });
      const { answers, errors } = await this.#produced(
        asked.map(({ call }) => call),
        ctx.signal,
      );
      const stored = new Map<string, object>();
      for (const [key, error] of errors) {
        const production = members.get(key)?.production;
        if (production !== undefined) production.failure = { error };
        found.errors.set(key, error);
        // Others who wait for the request get its error.
        stored.set(key, failedAnswer);
        ctx.set(key, { skipStore: true });
      }
      await inTurns(asked, (member) => {
        const { call, production } = member;
        const made = answers.get(call.key);
        if (made === undefined) return;
        const answer = { ...made, production: number };
        member.own = answer;
        production.finished += 1;
        production.latest = answer;
        const { bypassed, ttlMs } = answer;
        ctx.set(call.key, bypassed === undefined ? { ttl: ttlOption(ttlMs) } : { skipStore: true });
        if (bypassed === undefined && call.settings.alike !== undefined) this.#alike?.remember(call, answer);
        stored.set(call.key, storedForm(answer));
      });
      return stored;
    };
    const { settings, control, tags } = this.#first;
    // A load that this batch joins gets the tags of this call. The loader sets all tags of the other answers.
    const own = tags.length > 0 ? { tags: checkedOwnTags(this.#settings.prefix, tags) } : {};
    const plain = settings.revive !== undefined ? { plain: true } : {};
    const options = { forceRefresh, signal: control.signal, ...own, ...plain };
    let values: ReadonlyMap<string, unknown>;
    try {
      values = await this.#cache.getOrSetMany<unknown>([...members.keys()], loader, options);
    } catch (error) {
      if (!(error instanceof BulkLoadError)) throw error;
      values = error.values;
      for (const [key, cause] of error.errors) found.errors.set(key, cause);
    }
    await inTurns([...members.values()], (member) => {
      this.#settle(member, values.get(member.call.key), found);
    });
    return found;
  }

  /** How a request ended, by the answer that this batch produced, or the entry that the cache had or shared. */
  #settle(member: Member, entry: unknown, found: Outcome): void {
    const { call, own, production, finished } = member;
    const { key, control } = call;
    if (own !== undefined) {
      found.errors.delete(key);
      found.ended.set(key, { answer: own, how: control.refresh === true ? 'refresh' : 'miss' });
      return;
    }
    if (entry === undefined || isFailed(entry)) {
      if (!found.errors.has(key)) found.errors.set(key, production.failure?.error ?? noOutput());
      return;
    }
    const answer = this.#read(call, entry);
    if (answer === undefined) return;
    const copy = answer.bypassed === undefined ? answer : sharedCopy(answer.value);
    if (copy === undefined) return;
    const isShared = answer.bypassed !== undefined || production.finished > finished;
    found.ended.set(key, { answer: { ...answer, value: copy.value }, how: isShared ? 'collapsed' : 'hit' });
  }

  #read(call: Call, entry: unknown): Answer<unknown> | undefined {
    if (!isAnswer(entry) || entry.lost === true) return undefined;
    return completed(this.#settings, call, entry);
  }

  /** Produces the answers of `calls` in one go. */
  async #produced(calls: readonly Call[], signal: AbortSignal) {
    const start = this.#settings.clock.now();
    const requests = calls.map(({ request }) => request);
    const outputs: unknown = await this.#produce(requests, { operation: this.#first.operation, signal });
    const checked = outputsFor(outputs, calls.length);
    const producedMs = since(this.#settings, start) / calls.length;
    const answers = new Map<string, Answer<unknown>>();
    const errors = new Map<string, unknown>();
    const turn = new Turn();
    for (const [position, call] of calls.entries()) {
      if (turn.isOver) await turn.next();
      const output = checked[position];
      if (output === undefined || output === null) errors.set(call.key, noOutput());
      else if (output instanceof Error) errors.set(call.key, output);
      else {
        try {
          const answer = await answerTo(this.#settings, call, output as { readonly value: unknown }, {
            producedMs,
          });
          const isLost = answer.bypassed === undefined && sharedCopy(answer.value) === undefined;
          const isRevived = call.settings.revive !== undefined;
          answers.set(call.key, isLost && !isRevived ? { ...answer, bypassed: 'unserializable' } : answer);
        } catch (error) {
          errors.set(call.key, error);
        }
      }
    }
    return { answers, errors };
  }
}

/** A request of a batch while it is loaded. */
interface Member {
  readonly call: Call;
  readonly production: Production;
  /** Productions of the key that had finished when the load began. */
  readonly finished: number;
  /** The latest production of this process when the load began. */
  readonly latest: number;
  /** The answer that this batch produced. */
  own: Answer<unknown> | undefined;
}

/** Whether a request shares an answer whose production began before the load. */
function isOld({ call, latest }: Member, { ended }: Outcome): boolean {
  const found = ended.get(call.key);
  return found?.how === 'collapsed' && (found.answer.production ?? 0) <= latest;
}

/** @throws ValidationError unless there is an output, or its absence, for each request: a shift mixes up answers */
function outputsFor(outputs: unknown, count: number): readonly unknown[] {
  if (Array.isArray(outputs) && outputs.length === count) return outputs as readonly unknown[];
  const got = Array.isArray(outputs) ? `${outputs.length} outputs` : describeValue(outputs);
  const message = `the producer of a batch must return one output for each of its ${count} requests, in their order (undefined = none), got ${got}; nothing is stored`;
  throw new ValidationError([{ path: 'produceMissing', message }]);
}

function noOutput(): CacheError {
  return new CacheError('the producer returned no output for this request');
}

/** A further request that equals an earlier one: its result is shared, and its value its own copy. */
function again({ answer, how }: Ended<unknown>): Ended<unknown> {
  const value = sharedCopy(answer.value) ?? answer;
  return {
    answer: { ...answer, value: value.value },
    how: how === 'miss' || how === 'refresh' ? 'collapsed' : how,
  };
}

function merged(a: Outcome, b: Outcome): Outcome {
  return { ended: new Map([...a.ended, ...b.ended]), errors: new Map([...a.errors, ...b.errors]) };
}

function emptyOutcome(): Outcome {
  return { ended: new Map(), errors: new Map() };
}
