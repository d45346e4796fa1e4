import fc from 'fast-check';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { compileGlob } from '../../libs/cache-infra/src/keys/glob.js';
import { deferred, type Deferred } from './deferred.js';
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

interface ModelLoad {
  readonly instance: number;
  readonly id: string;
  /** Cleared by what supersedes the load: then its value is stored nowhere, and nobody joins it any more. */
  current: boolean;
  /** Past its ttl, within its grace: for when the loader fails. */
  stale: ModelEntry | undefined;
  readonly loader: Deferred<number>;
  readonly callers: Promise<unknown>[];
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
  readonly pending: ModelLoad[] = [];
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
      .record({ which: fc.nat(), value: fc.option(fc.integer(), { nil: undefined }) })
      .map(({ which, value }) =>
        step(
          value === undefined
            ? `fail load ${String(which)}`
            : `end load ${String(which)} with ${String(value)}`,
          async (model, real) => {
            const { pending } = real;
            const [load] = pending.splice(which % Math.max(1, pending.length), 1);
            if (load !== undefined) await endLoad(model, real, load, value);
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
  // Who joins after an invalidation of tags may be given a load of his own in the end, to be on the safe side.
  if (joined !== undefined && joined.tagInvalidations !== model.tagInvalidations) return;
  if ([...model.ghosts].some((load) => load.instance === instance && load.id === id)) return;
  const stale = model.stale(id);
  const loader = deferred<number>();
  const started = deferred<'started'>();
  let hasStarted = false;
  const run = (ctx: LoadContext): Promise<number> => {
    hasStarted = true;
    started.resolve('started');
    if (late) {
      ctx.ttl(ttl);
      ctx.tags(...tags);
    }
    return loader.promise;
  };
  const caller = real
    .at(where.by, where.path)
    .getOrSet(where.key, run, late ? { grace } : { ttl, grace, tags });
  caller.catch(() => undefined);
  if (cached !== undefined || (stale !== undefined && model.isPausing(id))) {
    expect(await caller).toBe(cached ?? stale?.value);
    expect(hasStarted).toBe(false);
  } else if (joined !== undefined) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasStarted).toBe(false);
    joined.stale ??= stale;
    joined.callers.push(caller);
    if (late) return;
    joined.tags = [...new Set([...joined.tags, ...tags])];
    if (!joined.decidesTtl && ttl !== 0) joined.ttl = joined.ttl === 0 ? ttl : Math.min(joined.ttl, ttl);
  } else {
    expect(await Promise.race([started.promise, caller])).toBe('started');
    const { tagInvalidations } = model;
    const made = {
      instance,
      id,
      current: true,
      stale,
      loader,
      callers: [caller],
      tags,
      ttl,
      decidesTtl: late,
      grace,
      tagInvalidations,
    };
    model.loads.set(`${String(instance)} ${id}`, made);
    real.pending.push(made);
  }
}

/** Lets every load end that still runs. */
export async function endAll(model: Model, real: Real, value: number): Promise<void> {
  for (let load = real.pending.shift(); load !== undefined; load = real.pending.shift()) {
    await endLoad(model, real, load, value);
    await real.settled();
  }
}

/** Lets a load end, and sees what its callers are told. */
async function endLoad(model: Model, real: Real, load: ModelLoad, value: number | undefined): Promise<void> {
  const error = new Error('the loader failed');
  if (value === undefined) load.loader.reject(error);
  else load.loader.resolve(value);
  const isServable = load.current && load.stale !== undefined && model.stale(load.id) === load.stale;
  const told = value ?? (isServable ? load.stale?.value : undefined);
  const isGhost = model.ghosts.delete(load);
  for (const outcome of await Promise.allSettled(load.callers)) {
    // It may not have heard that what it falls back on is gone.
    if (isGhost && value === undefined) continue;
    expect(outcome).toEqual(
      told === undefined ? { status: 'rejected', reason: error } : { status: 'fulfilled', value: told },
    );
  }
  const isCurrent = load.current;
  const name = `${String(load.instance)} ${load.id}`;
  if (model.loads.get(name) === load) model.loads.delete(name);
  if (value === undefined) {
    model.failed(load.id);
    return;
  }
  model.pauses.delete(load.id);
  if (load.outdated === true) for (const other of real.pending) if (other.id === load.id) other.open = true;
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
