import type { L1Entry } from '../tiers/memory/l1-entry.js';
import type { Cache } from './contract/cache.js';
import type { Engine } from './engine.js';

/** An invalidation that waits for the end of the scope. Neighbours of the same kind on the same cache are one. */
interface Deferred {
  readonly cache: Cache;
  readonly kind: 'clear' | 'delete' | 'expire' | 'expireTags' | 'pattern' | 'tags';
  /** Keys, tags or a pattern. */
  readonly names: string[];
}

/** The scope of one call of `deferInvalidations`: the invalidations made inside it, and what they hide from reads. */
export class InvalidationScope {
  readonly #deferred: Deferred[] = [];
  readonly #views = new Map<Engine, ScopedEngine>();
  #isOpen = true;

  /** False once the work of the scope has ended. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
  }

  /** The state of a cache with all its namespaces, inside this scope. */
  of(engine: Engine): ScopedEngine {
    let view = this.#views.get(engine);
    if (view === undefined) {
      view = new ScopedEngine(engine);
      this.#views.set(engine, view);
    }
    return view;
  }

  /** Records an invalidation. */
  defer(cache: Cache, kind: Deferred['kind'], name: string): void {
    const last = this.#deferred.at(-1);
    if (last?.cache === cache && last.kind === kind && isList(kind)) last.names.push(name);
    else this.#deferred.push({ cache, kind, names: [name] });
  }

  /**
   * Carries out the invalidations, in order. All begin before the first is awaited, so that every L1 is done at once.
   *
   * @throws the first error, after all have ended
   */
  async apply(): Promise<void> {
    const results = await Promise.allSettled(this.#deferred.map(carryOut));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }
}

/** True if one call carries out many of this kind. */
function isList(kind: Deferred['kind']): boolean {
  return kind === 'delete' || kind === 'tags' || kind === 'expireTags';
}

async function carryOut({ cache, kind, names }: Deferred): Promise<unknown> {
  const [name = ''] = names;
  switch (kind) {
    case 'clear':
      return cache.clear();
    case 'delete':
      return names.length === 1 ? cache.delete(name) : cache.deleteMany(names);
    case 'expire':
      return cache.expire(name);
    case 'expireTags':
      return cache.expireTags(...names);
    case 'pattern':
      return cache.invalidatePattern(name);
    case 'tags':
      return cache.invalidateTags(...names);
  }
}

/** A cache with all its namespaces, as the calls inside a scope see it. */
export class ScopedEngine {
  readonly #engine: Engine;
  readonly #recorded = new Set<string>();
  readonly #ids = new Set<string>();
  readonly #matches: ((id: string) => boolean)[] = [];
  readonly #tags = new Set<string>();
  #loading: Engine | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** The engine of the loads inside the scope. It has no tiers, and shares no load with callers outside. */
  get loading(): Engine {
    this.#loading ??= this.#engine.withoutTiers();
    return this.#loading;
  }

  /** True if the invalidation was not recorded before. */
  isNew(kind: Deferred['kind'], name: string): boolean {
    const mark = `${kind} ${name}`;
    if (this.#recorded.has(mark)) return false;
    this.#recorded.add(mark);
    return true;
  }

  hideKey(id: string): void {
    this.#ids.add(id);
    this.#loading?.work.supersede(id);
  }

  hideMatching(matches: (id: string) => boolean): void {
    this.#matches.push(matches);
    this.#loading?.work.supersedeWhere(matches);
  }

  /** `tag`: as the tag table names it. */
  hideTag(tag: string): void {
    this.#tags.add(tag);
    if (this.#loading === undefined) return;
    const { work, tags, clock } = this.#loading;
    work.supersedeTagged([tag], tags.table.latest);
    // A load may name its tags when it ends.
    tags.table.invalidate([tag], Math.floor(clock.now() * 1000));
  }

  /** The scope has invalidated this key, or a pattern or clear that covers it. */
  hidesKey(id: string): boolean {
    return this.#ids.has(id) || this.#matches.some((matches) => matches(id));
  }

  /** As `hidesKey`, also by the tags of the entry. */
  hides(id: string, { detail }: L1Entry): boolean {
    return this.hidesKey(id) || detail?.tags.some((tag) => this.#tags.has(tag)) === true;
  }
}
