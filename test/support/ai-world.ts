import { AiBatchError, AiNotCachedError } from '../../libs/cache-infra/src/base/errors.js';
import { integerBelow, seededRandom, type Random } from '../../libs/cache-infra/src/benchmarks/random.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { AiCacheService } from '../../libs/cache-infra/src/ai/ai-cache.service.js';
import type { AiOutput } from '../../libs/cache-infra/src/ai/answer/output.js';
import type { AiCacheControl } from '../../libs/cache-infra/src/ai/call/control.js';
import type { AiResult } from '../../libs/cache-infra/src/ai/call/result.js';
import type { AiStreamContext } from '../../libs/cache-infra/src/ai/stream/producer.js';

interface Request {
  readonly model: string;
  readonly tenant: string;
  readonly prompt: string;
}

const requests: readonly Request[] = ['a', 'b'].flatMap((tenant) =>
  ['1', '2'].map((prompt) => ({ model: 'small', tenant, prompt })),
);

interface Production {
  readonly request: Request;
  readonly began: number;
  /** `cut`: the answer is incomplete, and must not be stored. */
  readonly fate: 'whole' | 'cut' | 'fails';
  /** Its caller wants nothing stored. */
  readonly isAlone: boolean;
}

const fates: readonly Production['fate'][] = ['whole', 'whole', 'whole', 'cut', 'fails'];

/** One request of a call. */
interface Asked {
  readonly request: Request;
  readonly at: number;
  readonly control: AiCacheControl;
  /** The earliest production that the caller accepts. */
  readonly from: number;
}

interface Invalidation {
  readonly covers: (request: Request) => boolean;
  readonly began: number;
  readonly ended: number;
}

type CallName = 'run' | 'stream' | 'batch' | 'peek' | 'warm' | 'invalidate';

/** What a world does. */
export interface Mix {
  readonly calls: readonly CallName[];
  /** With an `accept`, a call takes none but the last productions. */
  readonly controls: readonly AiCacheControl[];
  readonly fates?: readonly Production['fate'][];
}

class Failure extends Error {
  readonly production: number;

  constructor(production: number) {
    super(`production ${production} failed`);
    this.production = production;
  }
}

const named = ({ tenant, prompt }: Request): string => `${tenant}${prompt}`;

/**
 * A cache whose calls are made, interleaved and ended at random over few requests, against a simple model. A value names
 * its request and its production (`a1#17.`), so that each answer tells whether its caller may have it.
 */
export class World {
  /** What must not happen. */
  readonly faults: string[] = [];
  /** The number of answers. */
  served = 0;
  readonly #cache = new InMemoryCache({ name: 'ai' });
  readonly #ai = new AiCacheService(this.#cache);
  readonly #random: Random;
  readonly #mix: Mix;
  readonly #productions: Production[] = [];
  readonly #invalidations: Invalidation[] = [];
  readonly #gates: (() => void)[] = [];
  readonly #leave: (() => void)[] = [];
  readonly #open = new Set<string>();
  #now = 0;

  constructor(seed: number, mix: Mix) {
    this.#random = seededRandom(seed);
    this.#mix = mix;
  }

  async play(actions: number): Promise<void> {
    for (let i = 0; i < actions; i++) {
      this.#act();
      if (this.#below(3) === 0) await turn();
    }
    await this.#allEnd();
    for (const request of requests) {
      void this.#peek(request);
      void this.#run(request, {});
    }
    await this.#allEnd();
    await this.#cache.close();
  }

  async #allEnd(): Promise<void> {
    for (let turns = 0; this.#open.size > 0 && turns < 100; turns++) {
      for (const open of this.#gates.splice(0)) open();
      await turn();
    }
    for (const call of this.#open) this.#fault(`${call} has no end`);
  }

  #act(): void {
    const request = this.#one(requests);
    const control = this.#one(this.#mix.controls);
    const call = this.#one([...this.#mix.calls, 'open', 'open', 'open', 'leave'] as const);
    if (call === 'run') void this.#run(request, control);
    else if (call === 'stream') void this.#stream(request, control);
    else if (call === 'batch') void this.#batch(control);
    else if (call === 'peek') void this.#peek(request);
    else if (call === 'warm') void this.#warm(request);
    else if (call === 'invalidate') void this.#invalidate(request);
    else this.#take(call === 'open' ? this.#gates : this.#leave)?.();
  }

  #run(request: Request, control: AiCacheControl): Promise<void> {
    return this.#call('run', [request], control, async (options, [asked]) => {
      const produce = async (): Promise<AiOutput<string>> => {
        const id = this.#begins(request, control);
        await this.#gate();
        return this.#output(id);
      };
      const { value, cached } = await this.#ai.run('chat', request, produce, options);
      this.#check(asked, value, cached);
    });
  }

  #stream(request: Request, control: AiCacheControl): Promise<void> {
    const produce = async function* (this: World, { facts }: AiStreamContext): AsyncGenerator<string> {
      const id = this.#begins(request, control);
      await this.#gate();
      yield named(request);
      await this.#gate();
      yield `#${id}`;
      await this.#gate();
      const { finishReason } = this.#output(id);
      facts({ finishReason });
      yield '.';
    }.bind(this);
    return this.#call('stream', [request], control, async (options, [asked]) => {
      const stream = this.#ai.stream('chat', request, produce, options);
      const chunks: string[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { cached } = await stream.status;
      this.#check(asked, chunks.join(''), cached);
      if ((await stream.done).cached !== cached) this.#fault('status and done of a stream differ');
    });
  }

  #batch(control: AiCacheControl): Promise<void> {
    const asking = Array.from({ length: 1 + this.#below(4) }, () => this.#one(requests));
    return this.#call('batch', asking, control, async (options, asked) => {
      const produce = async (missing: readonly Request[]): Promise<(AiOutput<string> | Error)[]> => {
        const ids = missing.map((request) => this.#begins(request, control));
        await this.#gate();
        return ids.map((id) =>
          this.#productions[id]?.fate === 'fails' ? new Failure(id) : this.#output(id),
        );
      };
      const results = await this.#ai.batch('chat', asking, produce, options).catch((error: unknown) => {
        if (!(error instanceof AiBatchError)) throw error;
        for (const [position, each] of error.errors) this.#checkError(asked[position], each);
        return error.results as readonly (AiResult<string> | undefined)[];
      });
      for (const [position, result] of results.entries())
        if (result !== undefined) this.#check(asked[position], result.value, result.cached);
    });
  }

  #peek(request: Request): Promise<void> {
    return this.#call('peek', [request], {}, async (_, [asked]) => {
      const found = await this.#ai.peek<string>('chat', request);
      if (found !== undefined) this.#check(asked, found.value, true);
    });
  }

  async #warm(request: Request): Promise<void> {
    // As late as possible: it is stored before the call ends.
    const id = this.#productions.push({ request, began: Infinity, fate: 'whole', isAlone: false }) - 1;
    await this.#ai.warm('chat', [[request, this.#output(id)]]);
  }

  async #invalidate(request: Request): Promise<void> {
    const began = ++this.#now;
    const { tenant } = request;
    const [selector, covers] = this.#one([
      [{ tenant }, (other: Request) => other.tenant === tenant],
      [{ key: this.#ai.explain('chat', request).key }, (other: Request) => other === request],
      [{ operation: 'chat' }, () => true],
    ] as const);
    await this.#ai.invalidate(selector);
    this.#invalidations.push({ covers, began, ended: ++this.#now });
  }

  /** A call that may leave, and whose end is awaited. */
  async #call(
    kind: string,
    asking: readonly Request[],
    control: AiCacheControl,
    call: (options: AiCacheControl, asked: readonly Asked[]) => Promise<void>,
  ): Promise<void> {
    const from = control.accept === undefined ? 0 : this.#productions.length - this.#below(3);
    const at = ++this.#now;
    const asked = asking.map((request) => ({ request, at, control, from }));
    const name = `${kind} ${JSON.stringify(control)} at ${at}`;
    const leaving = this.#below(3) === 0 ? new AbortController() : undefined;
    const accept = ({ value }: { readonly value: unknown }): boolean => productionOf(String(value)) >= from;
    this.#leave.push(() => {
      leaving?.abort(new Error(name));
    });
    this.#open.add(name);
    try {
      const signal = leaving?.signal;
      await call({ ...control, signal, ...(control.accept === undefined ? {} : { accept }) }, asked);
    } catch (error) {
      const hasLeft = error instanceof Error && error.message === name;
      if (!hasLeft) this.#checkError(asked[0], error);
    }
    this.#open.delete(name);
  }

  #begins(request: Request, { noStore, bypass }: AiCacheControl): number {
    const fate = this.#one(this.#mix.fates ?? fates);
    const isAlone = noStore === true || bypass === true;
    return this.#productions.push({ request, began: ++this.#now, fate, isAlone }) - 1;
  }

  #output(id: number): AiOutput<string> {
    const production = this.#productions[id];
    if (production === undefined || production.fate === 'fails') throw new Failure(id);
    const finishReason = production.fate === 'cut' ? 'length' : 'stop';
    return { value: `${named(production.request)}#${id}.`, finishReason };
  }

  #check(asked: Asked | undefined, value: string, cached: boolean): void {
    this.served += 1;
    const id = productionOf(value);
    const production = this.#productions[id];
    if (asked === undefined || production === undefined) return this.#fault(`${value} is no answer`);
    const { request, at, control, from } = asked;
    const what = `${JSON.stringify(control)} at ${at} for ${named(request)} got ${cached ? 'stored ' : ''}${value}`;
    if (value !== `${named(request)}#${id}.`) this.#fault(`${what}: of another request, or not whole`);
    if (cached && (production.fate !== 'whole' || production.isAlone)) this.#fault(`${what}: not storable`);
    if (id < from) this.#fault(`${what}: not accepted`);
    if (control.refresh === true && production.began < at) this.#fault(`${what}: older than its refresh`);
    const isOutdated = ({ covers, began, ended }: Invalidation): boolean =>
      covers(request) && production.began < began && ended < at;
    if (this.#invalidations.some(isOutdated)) this.#fault(`${what}: invalidated`);
  }

  #checkError(asked: Asked | undefined, error: unknown): void {
    if (error instanceof AiNotCachedError && asked?.control.onlyIfCached === true) return;
    const production = error instanceof Failure ? this.#productions[error.production] : undefined;
    if (production === undefined || production.request !== asked?.request)
      this.#fault(`${JSON.stringify(asked)} got ${String(error)}`);
  }

  #gate(): Promise<void> {
    return new Promise((resolve) => this.#gates.push(resolve));
  }

  #fault(fault: string): void {
    this.faults.push(fault);
  }

  #below(most: number): number {
    return integerBelow(this.#random, most);
  }

  #one<T>(of: readonly T[]): T {
    return of[this.#below(of.length)] as T;
  }

  #take<T>(from: T[]): T | undefined {
    return from.splice(this.#below(from.length), 1)[0];
  }
}

function productionOf(value: string): number {
  return Number(/#(\d+)\.$/.exec(value)?.[1] ?? NaN);
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
