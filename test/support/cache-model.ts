import fc from 'fast-check';

import { BulkLoadError } from '../../libs/cache-infra/src/base/errors.js';
import type { Bulk, BulkLoader } from '../../libs/cache-infra/src/cache/contract/bulk-load.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { compileGlob } from '../../libs/cache-infra/src/keys/glob.js';
import { deferred, turn, type Deferred } from './deferred.js';
import { ManualClock } from './manual-clock.js';
import { elapse } from './time.js';

/**
 * A cache simple enough to check by reading: a Map without tiers, flights or epochs. Commands run one after the other;
 * loaders are held open between them, so that every command may run during loads, in one instance or in several.
 */
interface ModelEntry {
  readonly value: number;
  readonly expiresAt: number;
  readonly graceMs: number;
  readonly tags: readonly string[];
}

/** What a caller of a load is told. `open`: undecided. */
type Told = { readonly value: number | undefined } | { readonly error: Error } | 'open';

/** A caller of a load. */
interface ModelCaller {
  /** Checks what the caller is told about a key, once its call has its answer. */
  told(key: string, told: Told): Promise<void>;
}

/** A run of a loader: of `getOrSet` for one load, of `getOrSetMany` for all keys of a loader call. */
interface ModelRun {
  /** In the order of the missing keys. */
  readonly loads: ModelLoad[];
  /** The place among the loads of a key that the loader leaves out. */
  readonly absent: number | undefined;
  /** By load; undefined = absent. */
  succeed(values: readonly (number | undefined)[]): void;
  fail(error: Error): void;
}

interface ModelLoad {
  readonly instance: number;
  readonly id: string;
  /** Cleared by what supersedes the load: then its value is stored nowhere, and nobody joins it any more. */
  current: boolean;
  /** Past its ttl, within its grace: for when the loader fails. */
  stale: ModelEntry | undefined;
  readonly callers: ModelCaller[];
  tags: readonly string[];
  ttl: number;
  /** The loader decides about the ttl, whatever callers ask for. */
  readonly decidesTtl: boolean;
  readonly grace: number;
  readonly tagInvalidations: number;
  /**
   * Whether the value is stored is undecided: an invalidation covered tags that only the previous value has; or another
   * value, whose tags had been invalidated, reached Redis, where every reader refuses it.
   */
  open?: boolean;
  /** Another instance invalidated its tags: its value may get into Redis, where nobody takes it. */
  outdated?: boolean;
}

export const paths = ['', 'users', 'usersAbc', 'users/eu'] as const;
export const keys = ['a', 'ab'] as const;
const tags = ['x', 'y'] as const;
type Path = (typeof paths)[number];

const backoffMs = { first: 1000, most: 10_000 };

export class Model {
  readonly clock = new ManualClock(1_000_000);
  readonly entries = new Map<string, ModelEntry>();
  readonly loads = new Map<string, ModelLoad>();
  readonly pauses = new Map<string, { until: number; ms: number }>();
  /** Loads that another instance superseded without their own hearing of it, until Redis refuses their value. */
  readonly ghosts = new Set<ModelLoad>();
  readonly #hears: boolean;
  /** How often tags were invalidated so far. */
  tagInvalidations = 0;

  /** `hears`: an instance is told what others do. */
  constructor(hears: boolean) {
    this.#hears = hears;
  }

  read(path: Path, key: string): number | undefined {
    return this.current(at(path, key))?.value;
  }

  current(id: string): ModelEntry | undefined {
    const entry = this.entries.get(id);
    return entry !== undefined && this.clock.now() < entry.expiresAt ? entry : undefined;
  }

  /** What can be fallen back on. */
  stale(id: string): ModelEntry | undefined {
    const entry = this.entries.get(id);
    if (entry === undefined || this.clock.now() < entry.expiresAt) return undefined;
    return this.clock.now() < entry.expiresAt + entry.graceMs ? entry : undefined;
  }

  isPausing(id: string): boolean {
    return this.clock.now() < (this.pauses.get(id)?.until ?? 0);
  }

  failed(id: string): void {
    const before = this.pauses.get(id)?.ms;
    const ms = before === undefined ? backoffMs.first : Math.min(before * 2, backoffMs.most);
    this.pauses.set(id, { until: this.clock.now() + ms, ms });
  }

  write(id: string, value: number, ttl: number, grace: number, entryTags: readonly string[]): void {
    const expiresAt = ttl === 0 ? Infinity : this.clock.now() + ttl * 1000;
    this.pauses.delete(id);
    this.entries.set(id, { value, expiresAt, graceMs: grace * 1000, tags: entryTags });
  }

  /** A load begins. */
  load(made: Omit<ModelLoad, 'current' | 'tagInvalidations'>): ModelLoad {
    const load = { ...made, current: true, tagInvalidations: this.tagInvalidations };
    this.loads.set(`${String(load.instance)} ${load.id}`, load);
    return load;
  }

  ended(load: ModelLoad): void {
    const name = `${String(load.instance)} ${load.id}`;
    if (this.loads.get(name) === load) this.loads.delete(name);
  }

  /** Whatever matches is gone, and what is being loaded for it is not to be stored. */
  invalidate(
    by: number,
    matches: (path: Path, key: string, tags: readonly string[]) => boolean,
    byTags = false,
  ): number {
    let count = 0;
    for (const [id, entry] of this.entries) {
      if (!matches(...split(id), entry.tags)) continue;
      if (this.current(id) !== undefined) count++;
      this.entries.delete(id);
    }
    for (const [name, load] of this.loads) {
      if (matches(...split(load.id), load.tags)) {
        if (byTags && load.instance !== by) load.outdated = true;
        this.#supersede(by, name, load);
      }
      if (load.current && load.stale !== undefined && matches(...split(load.id), load.stale.tags))
        load.open = true;
    }
    return count;
  }

  /** Loads of the key, in every instance, come too late. */
  supersede(by: number, id: string): void {
    for (const [name, load] of this.loads) if (load.id === id) this.#supersede(by, name, load);
  }

  #supersede(by: number, name: string, load: ModelLoad): void {
    load.current = false;
    if (!this.#hears && load.instance !== by) this.ghosts.add(load);
    this.loads.delete(name);
  }
}

function at(path: Path, key: string): string {
  return `${path}|${key}`;
}

function split(id: string): [path: Path, key: string] {
  const [path = '', key = ''] = id.split('|');
  return [path as Path, key];
}

function covers(scope: Path, path: Path): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}

/** What is measured by the model: one instance, or several over one Redis. */
export interface Subject {
  readonly instances: readonly Cache[];
  /** Counts of what was deleted are exact. */
  readonly counts: boolean;
  /** Waits until every instance has heard of what was done. */
  settled(): Promise<void>;
}

/** A subject while its model runs. */
export class Real {
  readonly pending: ModelRun[] = [];
  readonly #subject: Subject;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  get counts(): boolean {
    return this.#subject.counts;
  }

  settled(): Promise<void> {
    return this.#subject.settled();
  }

  instance(which: number): number {
    return which % this.#subject.instances.length;
  }

  at(which: number, path: Path): Cache {
    const cache = this.#subject.instances[this.instance(which)] as Cache;
    return path.split('/').reduce<Cache>((view, name) => (name === '' ? view : view.namespace(name)), cache);
  }
}

type Step = fc.AsyncCommand<Model, Real>;

function step(words: string, run: (model: Model, real: Real) => Promise<void>): Step {
  const runAndSettle = async (model: Model, real: Real): Promise<void> => {
    await run(model, real);
    await real.settled();
  };
  return { check: () => true, run: runAndSettle, toString: () => words };
}

const which = fc.nat({ max: 5 });
const place = fc.record({ by: which, path: fc.constantFrom(...paths), key: fc.constantFrom(...keys) });
const scope = fc.record({ by: which, path: fc.constantFrom(...paths) });
const someTags = fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 2 });

function name({ by, path, key }: { by: number; path: string; key?: string }): string {
  return `${String(by)}: ${path}${key === undefined ? '' : `|${key}`}`;
}

/** Everything that can be done, with lives out of these. `ticking`: time is the model's to advance. */
export function steps(
  lives: readonly number[],
  graces: readonly number[],
  ticking: boolean,
): fc.Arbitrary<Step>[] {
  const ttl = fc.constantFrom(...lives);
  const grace = fc.constantFrom(...graces);
  const all: fc.Arbitrary<Step>[] = [
    fc.record({ where: place, value: fc.integer(), ttl, grace, tags: someTags }).map((made) =>
      step(`${name(made.where)} set ${JSON.stringify(made)}`, async (model, real) => {
        const { where, value, ttl, grace, tags } = made;
        await real.at(where.by, where.path).set(where.key, value, { ttl, grace, tags });
        model.supersede(real.instance(where.by), at(where.path, where.key));
        model.write(at(where.path, where.key), value, ttl, grace, tags);
      }),
    ),
    place.map((where) =>
      step(`${name(where)} get`, async (model, real) => {
        expect(await real.at(where.by, where.path).get(where.key)).toBe(model.read(where.path, where.key));
      }),
    ),
    scope.map(({ by, path }) =>
      step(`${name({ by, path })} getMany`, async (model, real) => {
        const found = await real.at(by, path).getMany(keys);
        const expected = keys
          .map((key) => [key, model.read(path, key)])
          .filter(([, value]) => value !== undefined);
        expect([...found]).toEqual(expected);
      }),
    ),
    place.map((where) =>
      step(`${name(where)} has, ttl`, async (model, real) => {
        const entry = model.current(at(where.path, where.key));
        const cache = real.at(where.by, where.path);
        expect(await cache.has(where.key)).toBe(entry !== undefined);
        const left = await cache.ttl(where.key);
        if (!ticking) expect(left === undefined).toBe(entry === undefined);
        else expect(left).toBe(entry && Math.ceil((entry.expiresAt - model.clock.now()) / 1000));
      }),
    ),
    place.map((where) =>
      step(`${name(where)} delete`, async (model, real) => {
        const count = model.invalidate(
          real.instance(where.by),
          (path, key) => path === where.path && key === where.key,
        );
        const deleted = await real.at(where.by, where.path).delete(where.key);
        if (real.counts) expect(deleted).toBe(count === 1);
      }),
    ),
    place.map((where) =>
      step(`${name(where)} expire`, async (model, real) => {
        const id = at(where.path, where.key);
        const entry = model.current(id);
        // What is being loaded is from before this, whether there is an entry or not.
        model.supersede(real.instance(where.by), id);
        if (entry?.graceMs === 0 || entry?.expiresAt === Infinity) model.entries.delete(id);
        else if (entry !== undefined) model.entries.set(id, { ...entry, expiresAt: model.clock.now() });
        // What time it is in Redis, instances know to within some milliseconds.
        if (!ticking) await elapse(15);
        expect(await real.at(where.by, where.path).expire(where.key)).toBe(entry !== undefined);
        if (!ticking) await elapse(15);
      }),
    ),
    scope.map(({ by, path: scoped }) =>
      step(`${name({ by, path: scoped })} deleteMany`, async (model, real) => {
        const count = model.invalidate(real.instance(by), (path, key) => path === scoped && key === 'a');
        const deleted = await real.at(by, scoped).deleteMany(['a', 'a', 'nothing']);
        if (real.counts) expect(deleted).toBe(count);
      }),
    ),
    fc.record({ where: scope, tags: someTags }).map(({ where, tags }) =>
      step(`${name(where)} invalidateTags [${tags.join()}]`, async (model, real) => {
        model.tagInvalidations++;
        model.invalidate(
          real.instance(where.by),
          (path, _, owned) => covers(where.path, path) && owned.some((tag) => tags.includes(tag as 'x')),
          true,
        );
        await real.at(where.by, where.path).invalidateTags(...tags);
      }),
    ),
    fc
      .record({ where: scope, glob: fc.constantFrom('*', 'a*', '?', 'b', '*b', 'c*') })
      .map(({ where, glob }) =>
        step(`${name(where)} invalidatePattern ${glob}`, async (model, real) => {
          const matches = compileGlob(glob);
          const count = model.invalidate(
            real.instance(where.by),
            (path, key) => path === where.path && matches(key),
          );
          const deleted = await real.at(where.by, where.path).invalidatePattern(glob);
          if (real.counts) expect(deleted).toBe(count);
        }),
      ),
    scope.map(({ by, path: scoped }) =>
      step(`${name({ by, path: scoped })} clear`, async (model, real) => {
        model.invalidate(real.instance(by), (path) => covers(scoped, path));
        await real.at(by, scoped).clear();
      }),
    ),
    fc
      .record({ where: place, ttl, grace, tags: someTags, late: fc.boolean() })
      .map((call) =>
        step(`${name(call.where)} getOrSet ${JSON.stringify(call)}`, (...args) => load(call, ...args)),
      ),
    fc
      .record({
        where: scope,
        keys: fc.constantFrom(['a', 'ab'], ['ab', 'a'], ['a', 'ab', 'a'], ['ab']),
        ttl,
        grace,
        tags: someTags,
        late: fc.boolean(),
        form: fc.constantFrom(...forms),
        absent: fc.constantFrom(undefined, undefined, 0, 1),
        chunkSize: fc.constantFrom(undefined, undefined, 1),
      })
      .map((call) =>
        step(`${name(call.where)} getOrSetMany ${JSON.stringify(call)}`, (...args) =>
          loadMany(call, ...args),
        ),
      ),
    fc
      .record({ which: fc.nat(), value: fc.option(fc.integer(), { nil: undefined }) })
      .map(({ which, value }) =>
        step(
          value === undefined
            ? `fail load ${String(which)}`
            : `end load ${String(which)} with ${String(value)}`,
          async (model, real) => {
            const { pending } = real;
            const [run] = pending.splice(which % Math.max(1, pending.length), 1);
            if (run !== undefined) await endRun(model, real, run, value);
          },
        ),
      ),
  ];
  if (!ticking) return all;
  return [
    ...all,
    fc.constantFrom(1, 999, 1000, 5000, 60_000).map((ms) =>
      step(`advance ${String(ms)} ms`, (model) => {
        model.clock.advance(ms);
        return Promise.resolve();
      }),
    ),
  ];
}

interface Call {
  readonly where: { readonly by: number; readonly path: Path; readonly key: string };
  readonly ttl: number;
  readonly grace: number;
  readonly tags: readonly string[];
  /** The loader decides about ttl and tags, not the call. */
  readonly late: boolean;
}

async function load({ where, ttl, grace, tags, late }: Call, model: Model, real: Real): Promise<void> {
  const id = at(where.path, where.key);
  const instance = real.instance(where.by);
  const cached = model.read(where.path, where.key);
  const joined = model.loads.get(`${String(instance)} ${id}`);
  if (isUndecided(model, instance, id)) return;
  const stale = model.stale(id);
  const loader = deferred<number | undefined>();
  const started = deferred<'started'>();
  let hasStarted = false;
  const run = (ctx: LoadContext): Promise<number | undefined> => {
    hasStarted = true;
    started.resolve('started');
    if (late) {
      ctx.ttl(ttl);
      ctx.tags(...tags);
    }
    return loader.promise;
  };
  const value = real
    .at(where.by, where.path)
    .getOrSet(where.key, run, late ? { grace } : { ttl, grace, tags });
  const caller = new OneCaller(value);
  if (cached !== undefined || (stale !== undefined && model.isPausing(id))) {
    expect(await value).toBe(cached ?? stale?.value);
    expect(hasStarted).toBe(false);
  } else if (joined !== undefined) {
    await turn();
    expect(hasStarted).toBe(false);
    join(joined, caller, stale, late ? undefined : { ttl, tags });
  } else {
    expect(await Promise.race([started.promise, value])).toBe('started');
    const made = { instance, id, stale, ttl, tags, decidesTtl: late, grace, callers: [caller] };
    real.pending.push({
      loads: [model.load(made)],
      absent: undefined,
      succeed: ([value]) => {
        loader.resolve(value);
      },
      fail: (error) => {
        loader.reject(error);
      },
    });
  }
}

/** Whether a call of now joins the load of a key is undecided, or whether its load is stored. */
function isUndecided(model: Model, instance: number, id: string): boolean {
  const joined = model.loads.get(`${String(instance)} ${id}`);
  // A caller that joins after an invalidation of tags may be given a load of its own, to be on the safe side.
  if (joined !== undefined && joined.tagInvalidations !== model.tagInvalidations) return true;
  return [...model.ghosts].some((load) => load.instance === instance && load.id === id);
}

/** `asked`: ttl and tags of the caller; undefined = its loader would have decided about them. */
function join(
  load: ModelLoad,
  caller: ModelCaller,
  stale: ModelEntry | undefined,
  asked: { readonly ttl: number; readonly tags: readonly string[] } | undefined,
): void {
  load.stale ??= stale;
  load.callers.push(caller);
  if (asked === undefined) return;
  const { ttl, tags } = asked;
  load.tags = [...new Set([...load.tags, ...tags])];
  if (!load.decidesTtl && ttl !== 0) load.ttl = load.ttl === 0 ? ttl : Math.min(load.ttl, ttl);
}

/** A caller of `getOrSet`. */
class OneCaller implements ModelCaller {
  readonly #value: Promise<unknown>;

  constructor(value: Promise<unknown>) {
    this.#value = value;
    value.catch(() => undefined);
  }

  async told(_: string, told: Told): Promise<void> {
    const [outcome] = await Promise.allSettled([this.#value]);
    if (told === 'open') return;
    expect(outcome).toEqual(
      'error' in told
        ? { status: 'rejected', reason: told.error }
        : { status: 'fulfilled', value: told.value },
    );
  }
}

const forms = ['Map', 'object', 'array'] as const;

interface ManyCall {
  readonly where: { readonly by: number; readonly path: Path };
  readonly keys: readonly string[];
  readonly ttl: number;
  readonly grace: number;
  readonly tags: readonly string[];
  /** The loader decides about ttl and tags, not the call. */
  readonly late: boolean;
  readonly form: (typeof forms)[number];
  readonly absent: number | undefined;
  readonly chunkSize: number | undefined;
}

/** A loader of many keys whose calls end when the model says so. */
class HeldLoader {
  readonly asked: (readonly string[])[] = [];
  readonly #ends: Deferred<Bulk<number>>[] = [];
  readonly #call: ManyCall;
  readonly #calls: number;
  readonly #started = deferred();

  /** `calls`: how many calls are expected. */
  constructor(call: ManyCall, calls: number) {
    this.#call = call;
    this.#calls = calls;
  }

  /** Resolves once the expected calls were made. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  readonly load: BulkLoader<number> = (missing, { set }) => {
    const { late, ttl, tags } = this.#call;
    if (late) for (const key of missing) set(key, { ttl, tags });
    this.asked.push(missing);
    const end = deferred<Bulk<number>>();
    this.#ends.push(end);
    if (this.asked.length === this.#calls) this.#started.resolve();
    return end.promise;
  };

  /** The loader call with this number; `loads`: those of its keys. */
  run(call: number, loads: ModelLoad[]): ModelRun {
    const missing = this.asked[call] ?? [];
    return {
      loads,
      absent: this.#call.absent,
      succeed: (values) => {
        this.#ends[call]?.resolve(this.#bulk(missing, values));
      },
      fail: (error) => {
        this.#ends[call]?.reject(error);
      },
    };
  }

  #bulk(missing: readonly string[], values: readonly (number | undefined)[]): Bulk<number> {
    if (this.#call.form === 'array') return values;
    const pairs = missing.map((key, i) => [key, values[i]] as const);
    return this.#call.form === 'Map' ? new Map(pairs) : Object.fromEntries(pairs);
  }
}

async function loadMany(call: ManyCall, model: Model, real: Real): Promise<void> {
  const { where, ttl, grace, tags, late, chunkSize } = call;
  const instance = real.instance(where.by);
  const cache = real.at(where.by, where.path);
  const keys = call.keys.filter((key) => !isUndecided(model, instance, at(where.path, key)));
  const missing: string[] = [];
  const joined: ModelLoad[] = [];
  const answered = new Map<string, number>();
  for (const key of new Set(keys)) {
    const id = at(where.path, key);
    const stale = model.isPausing(id) ? model.stale(id)?.value : undefined;
    const answer = model.read(where.path, key) ?? stale;
    const load = model.loads.get(`${String(instance)} ${id}`);
    if (answer !== undefined) answered.set(key, answer);
    else if (load !== undefined) joined.push(load);
    else missing.push(key);
  }
  const chunks: string[][] = [];
  for (let i = 0; i < missing.length; i += chunkSize ?? keys.length)
    chunks.push(missing.slice(i, i + (chunkSize ?? keys.length)));
  const loader = new HeldLoader(call, chunks.length);
  const options = late ? { grace } : { ttl, grace, tags };
  const values = cache.getOrSetMany(keys, loader.load, { ...options, chunkSize });
  const caller = new ManyCaller(values, loader, keys, chunks, answered);
  if (chunks.length === 0 && joined.length === 0) {
    await caller.check();
    return;
  }
  // The call waits for loads; its hits have been read by now.
  if (chunks.length > 0) await Promise.race([loader.started, values]);
  else await hitsAreRead(cache, [...answered.keys()]);
  expect(loader.asked).toEqual(chunks);
  const asked = late ? undefined : { ttl, tags };
  for (const load of joined) join(load, caller, model.stale(load.id), asked);
  // Its answer tells that its loads have ended, unless it waits for others: then another caller does.
  const isTelling = joined.length === 0 && chunks.length === 1;
  for (const [i, chunk] of chunks.entries()) {
    const loads = chunk.map((key) => {
      const id = at(where.path, key);
      const never = (): never => {
        throw new Error('the load is under way');
      };
      const callers = isTelling ? [caller] : [caller, new OneCaller(cache.getOrSet(key, never, options))];
      const stale = model.stale(id);
      return model.load({ instance, id, stale, ttl, tags, decidesTtl: late, grace, callers });
    });
    real.pending.push(loader.run(i, loads));
  }
}

/** Waits until calls that began in this turn or earlier have read these hits. */
async function hitsAreRead(cache: Cache, hits: readonly string[]): Promise<void> {
  await turn();
  await cache.getMany(hits);
  await turn();
}

/** A caller of `getOrSetMany`. */
class ManyCaller implements ModelCaller {
  readonly #values: Promise<Map<string, number>>;
  readonly #loader: HeldLoader;
  readonly #keys: ReadonlySet<string>;
  readonly #chunks: readonly (readonly string[])[];
  readonly #told = new Map<string, Told>();

  /** `chunks`: the keys of each loader call. `answered`: the keys whose answer no load makes. */
  constructor(
    values: Promise<Map<string, number>>,
    loader: HeldLoader,
    keys: readonly string[],
    chunks: readonly (readonly string[])[],
    answered: ReadonlyMap<string, number>,
  ) {
    this.#values = values;
    values.catch(() => undefined);
    this.#loader = loader;
    this.#keys = new Set(keys);
    this.#chunks = chunks;
    for (const [key, value] of answered) this.#told.set(key, { value });
  }

  async told(key: string, told: Told): Promise<void> {
    this.#told.set(key, told);
    if (this.#told.size === this.#keys.size) await this.check();
  }

  /** Compares the answer with everything that was told. */
  async check(): Promise<void> {
    const [outcome] = await Promise.allSettled([this.#values]);
    expect(this.#loader.asked).toEqual(this.#chunks);
    const open = [...this.#keys].filter((key) => this.#told.get(key) === 'open');
    const values: [string, number][] = [];
    const errors: [string, Error][] = [];
    for (const key of this.#keys) {
      const told = this.#told.get(key);
      if (told === undefined || told === 'open') continue;
      if ('error' in told) errors.push([key, told.error]);
      else if (told.value !== undefined) values.push([key, told.value]);
    }
    expect(entriesOf(outcome, open)).toEqual({ values, errors });
  }
}

/** The values and errors of a call for many keys, in their order, without these keys. */
function entriesOf(
  outcome: PromiseSettledResult<ReadonlyMap<string, unknown>>,
  without: readonly string[],
): { readonly values: [string, unknown][]; readonly errors: [string, unknown][] } {
  const entries = (map: ReadonlyMap<string, unknown>): [string, unknown][] =>
    [...map].filter(([key]) => !without.includes(key));
  if (outcome.status === 'fulfilled') return { values: entries(outcome.value), errors: [] };
  const { reason } = outcome;
  if (!(reason instanceof BulkLoadError)) throw reason;
  return { values: entries(reason.values), errors: entries(reason.errors) };
}

/** Lets every load end that still runs. */
export async function endAll(model: Model, real: Real, value: number): Promise<void> {
  for (let run = real.pending.shift(); run !== undefined; run = real.pending.shift()) {
    await endRun(model, real, run, value);
    await real.settled();
  }
}

/** Lets a loader end, and sees what the callers of its loads are told. */
async function endRun(model: Model, real: Real, run: ModelRun, value: number | undefined): Promise<void> {
  const error = new Error('the loader failed');
  const values = run.loads.map((_, i) => (value === undefined || i === run.absent ? undefined : value + i));
  if (value === undefined) run.fail(error);
  else run.succeed(values);
  // All of them are told before anything else happens: then all values are stored.
  for (const [i, load] of run.loads.entries()) {
    const [, key] = split(load.id);
    const told = value === undefined ? toldOfFailure(model, load, error) : { value: values[i] };
    model.ghosts.delete(load);
    for (const caller of load.callers) await caller.told(key, told);
  }
  for (const [i, load] of run.loads.entries()) {
    if (value === undefined) endFailed(model, load);
    else await endLoad(model, real, load, values[i]);
  }
}

function toldOfFailure(model: Model, load: ModelLoad, error: Error): Told {
  // Its instance may not have heard that what it falls back on is gone.
  if (model.ghosts.has(load)) return 'open';
  const isServable = load.current && load.stale !== undefined && model.stale(load.id) === load.stale;
  return isServable ? { value: load.stale?.value } : { error };
}

function endFailed(model: Model, load: ModelLoad): void {
  model.ended(load);
  model.failed(load.id);
}

/** `value`: undefined = the loader left it out. */
async function endLoad(model: Model, real: Real, load: ModelLoad, value: number | undefined): Promise<void> {
  const isCurrent = load.current;
  model.ended(load);
  model.pauses.delete(load.id);
  if (value === undefined) return;
  if (load.outdated === true) {
    for (const other of real.pending.flatMap(({ loads }) => loads)) {
      if (other.id === load.id) other.open = true;
    }
  }
  if (!isCurrent) return;
  if (load.open === true) {
    const [path, key] = split(load.id);
    await real.at(load.instance, path).delete(key);
    model.entries.delete(load.id);
    model.supersede(load.instance, load.id);
    return;
  }
  model.write(load.id, value, load.ttl, load.grace, load.tags);
  // In other instances this is a newer value than theirs.
  model.supersede(load.instance, load.id);
}
