import fc from 'fast-check';

import { deferred, turn, type Deferred } from '../../../../test/support/deferred.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { compileGlob } from '../keys/glob.js';
import type { Cache } from './cache.js';
import { InMemoryCache } from './in-memory-cache.js';
import type { LoadContext } from './options.js';

/**
 * The cache against a model that anybody can check by reading: a Map without tiers, flights or epochs. Commands run one after the
 * other; loaders are held open between them, so that every command may come while a load is under way.
 */
interface ModelEntry {
  readonly value: number;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

interface ModelLoad {
  readonly id: string;
  /** Cleared by what supersedes the load: then its value is stored nowhere, and nobody joins it any more. */
  current: boolean;
  readonly loader: Deferred<number>;
  readonly callers: Promise<unknown>[];
  readonly tags: readonly string[];
  readonly ttl: number;
  readonly tagInvalidations: number;
}

const paths = ['', 'users', 'usersAbc', 'users/eu'] as const;
const keys = ['a', 'ab'] as const;
const tags = ['x', 'y'] as const;
type Path = (typeof paths)[number];

class Model {
  readonly clock = new ManualClock(1_000_000);
  readonly entries = new Map<string, ModelEntry>();
  readonly loads = new Map<string, ModelLoad>();
  /** How often tags were invalidated so far. */
  tagInvalidations = 0;

  at(path: Path, key: string): string {
    return `${path}|${key}`;
  }

  read(path: Path, key: string): number | undefined {
    return this.current(this.at(path, key))?.value;
  }

  current(id: string): ModelEntry | undefined {
    const entry = this.entries.get(id);
    return entry !== undefined && this.clock.now() < entry.expiresAt ? entry : undefined;
  }

  write(id: string, value: number, ttl: number, entryTags: readonly string[]): void {
    const expiresAt = ttl === 0 ? Infinity : this.clock.now() + ttl * 1000;
    this.entries.set(id, { value, expiresAt, tags: entryTags });
  }

  /** Whatever matches is gone, and what is being loaded for it is not to be stored. */
  invalidate(matches: (path: Path, key: string, tags: readonly string[]) => boolean): number {
    let count = 0;
    for (const [id, entry] of this.entries) {
      if (!matches(...split(id), entry.tags)) continue;
      if (this.current(id) !== undefined) count++;
      this.entries.delete(id);
    }
    for (const [id, load] of this.loads) {
      if (matches(...split(id), load.tags)) this.supersede(id, load);
    }
    return count;
  }

  supersede(id: string, load = this.loads.get(id)): void {
    if (load === undefined) return;
    load.current = false;
    this.loads.delete(id);
  }
}

function split(id: string): [path: Path, key: string] {
  const [path = '', key = ''] = id.split('|');
  return [path as Path, key];
}

function covers(scope: Path, path: Path): boolean {
  return scope === '' || path === scope || path.startsWith(`${scope}/`);
}

class Subject {
  readonly cache: InMemoryCache;
  readonly pending: ModelLoad[] = [];
  loads = 0;

  constructor(clock: ManualClock) {
    this.cache = new InMemoryCache({ clock, maxSize: 1000 });
  }

  at(path: Path): Cache {
    return path
      .split('/')
      .reduce<Cache>((view, name) => (name === '' ? view : view.namespace(name)), this.cache);
  }
}

type Step = fc.AsyncCommand<Model, Subject>;

function step(words: string, run: (model: Model, subject: Subject) => Promise<void>): Step {
  return { check: () => true, run, toString: () => words };
}

const place = fc.record({ path: fc.constantFrom(...paths), key: fc.constantFrom(...keys) });
const someTags = fc.uniqueArray(fc.constantFrom(...tags), { maxLength: 2 });
const ttl = fc.constantFrom(0, 1, 5, 60);

const steps: fc.Arbitrary<Step>[] = [
  fc.record({ at: place, value: fc.integer(), ttl, tags: someTags }).map(({ at, value, ttl, tags }) =>
    step(
      `set ${at.path}|${at.key} = ${String(value)} ttl ${String(ttl)} [${tags.join()}]`,
      async (model, subject) => {
        await subject.at(at.path).set(at.key, value, { ttl, tags });
        const id = model.at(at.path, at.key);
        model.supersede(id);
        model.write(id, value, ttl, tags);
      },
    ),
  ),
  place.map((at) =>
    step(`get ${at.path}|${at.key}`, async (model, subject) => {
      expect(await subject.at(at.path).get(at.key)).toBe(model.read(at.path, at.key));
    }),
  ),
  fc.constantFrom(...paths).map((path) =>
    step(`getMany ${path}`, async (model, subject) => {
      const found = await subject.at(path).getMany(keys);
      const expected = keys
        .map((key) => [key, model.read(path, key)])
        .filter(([, value]) => value !== undefined);
      expect([...found]).toEqual(expected);
    }),
  ),
  place.map((at) =>
    step(`has, ttl ${at.path}|${at.key}`, async (model, subject) => {
      const entry = model.current(model.at(at.path, at.key));
      const left = entry && Math.ceil((entry.expiresAt - model.clock.now()) / 1000);
      expect(await subject.at(at.path).has(at.key)).toBe(entry !== undefined);
      expect(await subject.at(at.path).ttl(at.key)).toBe(left);
    }),
  ),
  place.map((at) =>
    step(`delete ${at.path}|${at.key}`, async (model, subject) => {
      const count = model.invalidate((path, key) => path === at.path && key === at.key);
      expect(await subject.at(at.path).delete(at.key)).toBe(count === 1);
    }),
  ),
  fc.constantFrom(...paths).map((scope) =>
    step(`deleteMany ${scope}`, async (model, subject) => {
      const count = model.invalidate((path, key) => path === scope && key === 'a');
      expect(await subject.at(scope).deleteMany(['a', 'a', 'nothing'])).toBe(count);
    }),
  ),
  fc.record({ scope: fc.constantFrom(...paths), tags: someTags }).map(({ scope, tags }) =>
    step(`invalidateTags ${scope} [${tags.join()}]`, async (model, subject) => {
      model.tagInvalidations++;
      model.invalidate(
        (path, _, owned) => covers(scope, path) && owned.some((tag) => tags.includes(tag as 'x')),
      );
      await subject.at(scope).invalidateTags(...tags);
    }),
  ),
  fc
    .record({ scope: fc.constantFrom(...paths), glob: fc.constantFrom('*', 'a*', '?', 'b', '*b', 'c*') })
    .map(({ scope, glob }) =>
      step(`invalidatePattern ${scope} ${glob}`, async (model, subject) => {
        const matches = compileGlob(glob);
        const count = model.invalidate((path, key) => path === scope && matches(key));
        expect(await subject.at(scope).invalidatePattern(glob)).toBe(count);
      }),
    ),
  fc.constantFrom(...paths).map((scope) =>
    step(`clear ${scope}`, async (model, subject) => {
      model.invalidate((path) => covers(scope, path));
      await subject.at(scope).clear();
    }),
  ),
  fc.constantFrom(1, 999, 1000, 5000, 60_000).map((ms) =>
    step(`advance ${String(ms)} ms`, (model) => {
      model.clock.advance(ms);
      return Promise.resolve();
    }),
  ),
  fc.record({ at: place, ttl, tags: someTags, late: fc.boolean() }).map(({ at, ttl, tags, late }) =>
    step(`getOrSet ${at.path}|${at.key} ttl ${String(ttl)} [${tags.join()}]`, async (model, subject) => {
      const id = model.at(at.path, at.key);
      const cached = model.read(at.path, at.key);
      const joined = model.loads.get(id);
      // Who joins after an invalidation of tags may be given a load of his own in the end, to be on the safe side.
      if (joined !== undefined && joined.tagInvalidations !== model.tagInvalidations) return;
      const loader = deferred<number>();
      let started = false;
      const load = (ctx: LoadContext): Promise<number> => {
        started = true;
        if (late) {
          ctx.ttl(ttl);
          ctx.tags(...tags);
        }
        return loader.promise;
      };
      const caller = subject.at(at.path).getOrSet(at.key, load, late ? {} : { ttl, tags });
      caller.catch(() => undefined);
      await turn();
      expect(started).toBe(cached === undefined && joined === undefined);
      if (cached !== undefined) expect(await caller).toBe(cached);
      else if (joined !== undefined) joined.callers.push(caller);
      else {
        const { tagInvalidations } = model;
        const made = { id, current: true, loader, callers: [caller], tags, ttl, tagInvalidations };
        model.loads.set(id, made);
        subject.pending.push(made);
      }
    }),
  ),
  fc.record({ which: fc.nat(), value: fc.option(fc.integer(), { nil: undefined }) }).map(({ which, value }) =>
    step(
      value === undefined ? `fail load ${String(which)}` : `end load ${String(which)} with ${String(value)}`,
      async (model, subject) => {
        const [load] = subject.pending.splice(which % Math.max(1, subject.pending.length), 1);
        if (load === undefined) return;
        await endLoad(model, load, value);
      },
    ),
  ),
];

async function endLoad(model: Model, load: ModelLoad, value: number | undefined): Promise<void> {
  const error = new Error('the loader failed');
  if (value === undefined) load.loader.reject(error);
  else load.loader.resolve(value);
  for (const outcome of await Promise.allSettled(load.callers)) {
    expect(outcome).toEqual(
      value === undefined ? { status: 'rejected', reason: error } : { status: 'fulfilled', value },
    );
  }
  if (model.loads.get(load.id) === load) model.loads.delete(load.id);
  if (value !== undefined && load.current) model.write(load.id, value, load.ttl, load.tags);
}

describe('InMemoryCache behaves as a Map does', () => {
  it('whatever is done in whatever order, also while loaders run', async () => {
    const commands = fc.commands(steps, { maxCommands: 80, size: 'max' });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const model = new Model();
        const subject = new Subject(model.clock);
        try {
          await fc.asyncModelRun(() => ({ model, real: subject }), all);
          for (const load of subject.pending.splice(0)) await endLoad(model, load, 7);
          for (const path of paths) {
            for (const key of keys) expect(await subject.at(path).get(key)).toBe(model.read(path, key));
          }
        } finally {
          await subject.cache.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
