import type { Cache } from '../../cache/contract/cache.js';
import { describeValue } from '../../base/redact.js';
import { sha256 } from '../../keys/digest.js';
import { isAnswer, type Answer } from '../answer/answer.js';
import type { AlikeCandidate, AlikePort } from '../call/alike-port.js';
import type { Call } from '../call/call.js';
import { tagsOf } from '../call/call-tags.js';
import type { ResolvedSettings } from '../call/settings.js';
import { ttlOption } from '../call/ttl-policy.js';
import { significantFields } from '../request/ignored-fields.js';
import { answerTags } from '../request/selector-tags.js';
import type { AlikeStats } from './alike-found.js';
import { resolveAlike, type AlikeOptions } from './alike-options.js';
import { reasonOf } from './alike-report.js';
import { AlikeSearch } from './alike-search.js';
import { saidOf } from './alike-words.js';
import { gistOf } from './gist.js';
import { digestWithout } from './masked-request.js';

/** The text of a request, and the digest of everything else of it. */
interface Subject {
  readonly text: string;
  readonly rest: string;
  readonly gistKey: string | undefined;
}

/** The operation of calls whose texts may be alike. */
interface AlikeOperation {
  readonly options: AlikeOptions;
  /** Undefined = by gist alone. */
  readonly search: AlikeSearch | undefined;
}

/** An entry that leads from the gist of a text to the answer of a request with that gist. */
interface GistPointer {
  readonly aiGist: 1;
  readonly key: string;
}

/** Finds the answers of requests whose text is alike: by its gist, then by its meaning. Whatever fails is a miss. */
export class AlikeTier implements AlikePort {
  readonly #cache: Cache;
  readonly #settings: ResolvedSettings;
  readonly #operations: ReadonlyMap<string, AlikeOperation>;
  readonly #subjects = new WeakMap<Call, Subject | 'none'>();

  constructor(cache: Cache, settings: ResolvedSettings) {
    this.#cache = cache;
    this.#settings = settings;
    const all = [...settings.operations].flatMap(([name, operation]): [string, AlikeOperation][] => {
      const alike: AlikeOptions | undefined = operation.alike;
      return alike === undefined ? [] : [[name, this.#operationOf(name, alike)]];
    });
    this.#operations = new Map(all);
  }

  async find(call: Call, signal: AbortSignal | undefined): Promise<AlikeCandidate | undefined> {
    const operation = this.#operations.get(call.operation);
    // Before anything is awaited: a producer may change its request.
    const subject = this.#subjectOf(call, operation);
    if (operation === undefined || subject === undefined) return undefined;
    const pointed = await this.#byGist(call, subject);
    if (pointed !== undefined) return { answer: pointed, matched: 'gist', isServed: true };
    const { search } = operation;
    const found = await search?.find(this.#partition(call, subject), subject.text, signal);
    if (search === undefined || found === undefined || !isAnswer(found.answer)) return undefined;
    const compare = (produced: unknown, candidate: unknown): void => {
      void search.check(found, { text: subject.text, answer: produced, candidate });
    };
    return {
      answer: found.answer,
      matched: 'meaning',
      isServed: found.mode !== 'check',
      ...(found.mode === 'serve' ? {} : { compare }),
    };
  }

  note(call: Call): void {
    this.#subjectOf(call, this.#operations.get(call.operation));
  }

  remember(call: Call, { ttlMs }: Answer<unknown>): void {
    const operation = this.#operations.get(call.operation);
    const subject = this.#subjectOf(call, operation);
    if (operation === undefined || subject === undefined) return;
    if (subject.gistKey !== undefined) {
      const pointer: GistPointer = { aiGist: 1, key: call.key };
      const options = { ttl: ttlOption(ttlMs), tags: tagsOf(this.#settings.prefix, call) };
      this.#cache.set(subject.gistKey, pointer, options).catch((error: unknown) => {
        this.#failed(call, error);
      });
    }
    const answer = { text: subject.text, answerKey: call.key, tags: call.tags, ttlMs };
    void operation.search?.add(this.#partition(call, subject), answer);
  }

  /** Counters of the operations that match by meaning. */
  stats(): Readonly<Record<string, AlikeStats>> {
    const all = [...this.#operations].flatMap(([name, { search }]): [string, AlikeStats][] =>
      search === undefined ? [] : [[name, search.stats()]],
    );
    return Object.fromEntries(all);
  }

  #operationOf(name: string, options: AlikeOptions): AlikeOperation {
    const resolved = resolveAlike(options, `operations.${name}.alike`);
    if (resolved === undefined) return { options, search: undefined };
    const { clock, faults } = this.#settings;
    const search = new AlikeSearch({
      ...{ cache: this.#cache, operation: `${this.#settings.prefix}:${name}`, options: resolved, clock },
      report: (event) => {
        faults.report(saidOf(name, event));
        options.onEvent?.(event);
      },
    });
    return { options, search };
  }

  /** The answer of a request with the same gist. */
  async #byGist(call: Call, { gistKey }: Subject): Promise<Answer<unknown> | undefined> {
    if (gistKey === undefined) return undefined;
    try {
      const pointer: unknown = await this.#cache.get(gistKey);
      if (!isPointer(pointer)) return undefined;
      const entry: unknown = await this.#cache.get(pointer.key);
      return isAnswer(entry) ? entry : undefined;
    } catch (error) {
      this.#failed(call, error);
      return undefined;
    }
  }

  #partition(call: Call, { rest }: Subject) {
    const { operation, dimensions } = call;
    return { id: rest, tags: answerTags(this.#settings.prefix, operation, dimensions) };
  }

  #subjectOf(call: Call, operation: AlikeOperation | undefined): Subject | undefined {
    if (operation === undefined) return undefined;
    const known = this.#subjects.get(call);
    if (known !== undefined) return known === 'none' ? undefined : known;
    const subject = this.#made(call, operation.options);
    this.#subjects.set(call, subject ?? 'none');
    return subject;
  }

  #made(call: Call, { text: textOf, language }: AlikeOptions): Subject | undefined {
    const { operation, request } = call;
    const { faults, ignored, prefix } = this.#settings;
    try {
      const text: unknown = textOf(request);
      const { fields } = significantFields(request, ignored);
      const rest = typeof text === 'string' && text !== '' ? digestWithout(text, fields) : undefined;
      if (typeof text !== 'string' || rest === undefined) {
        faults.report(
          `alike.text of operation ${describeValue(operation)} must return a text that stands in the request as a whole; its requests are matched exactly`,
        );
        return undefined;
      }
      const gist = gistOf(text, language);
      const id = gist === undefined ? undefined : sha256(JSON.stringify([operation, rest, gist]));
      return { text, rest, gistKey: id === undefined ? undefined : `${prefix}:gist:sha256:${id}` };
    } catch (error) {
      faults.threw('alike.text', operation, error, 'the request is matched exactly');
      return undefined;
    }
  }

  #failed({ operation }: Call, error: unknown): void {
    this.#settings.faults.report(
      `the look-up by gist of operation ${describeValue(operation)} failed: ${reasonOf(error)}`,
    );
  }
}

function isPointer(value: unknown): value is GistPointer {
  if (typeof value !== 'object' || value === null || !('aiGist' in value) || !('key' in value)) return false;
  return value.aiGist === 1 && typeof value.key === 'string';
}
