import { BulkLoadError, CircularLoadError, ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkLoadContext, BulkLoadOptions } from '../../cache/contract/bulk-load.js';
import type { Cache } from '../../cache/contract/cache.js';
import { contextsOf } from '../../cache/load/bulk-chunk.js';
import { followCalls } from '../../cache/load/calling-flight.js';
import { onRefusal } from '../../cache/observe/refusals.js';
import type { MethodCall } from './decorated-method.js';
import type { CacheableOptions } from './decorator-options.js';
import { itemResult, valuesOfRun } from './item-results.js';
import { isCacheTrouble, report } from './method-errors.js';
import { isLoading, isThrown, runLoading } from './method-runs.js';
import { keyOf, loadOptions, tagsOf, verdictOn } from './method-store.js';
import { variantKey, variantOf, type Variant } from './method-variant.js';

/** A call of a method whose items are cached one by one. */
export async function cachedItems(call: MethodCall, options: CacheableOptions): Promise<unknown> {
  const [items] = call.args;
  if (!Array.isArray(items)) {
    throw new ValidationError(
      `${call.label} caches its items one by one (each): its first argument must be an array, got ${describeValue(items)}`,
    );
  }
  const variant = options.vary === undefined ? undefined : await variantOf(call, options.vary);
  const { cache } = variant ?? call;
  const keys = await keysOf(call, items, options, variant);
  // As a part of the run that loads one of these entries, this call would wait for itself.
  if (keys === undefined || keys.some((key) => isLoading(cache, key))) return call.invoke();
  // Track the calls, so that two loads that wait for each other are detected.
  followCalls();
  const values = await new ItemsCall(call, options, cache, items, keys).run();
  return itemResult(options.each, items, keys, values);
}

/** The keys of the items; undefined = the call runs uncached. */
async function keysOf(
  call: MethodCall,
  items: readonly unknown[],
  options: CacheableOptions,
  variant: Variant | undefined,
): Promise<string[] | undefined> {
  const keys: string[] = [];
  const turn = new Turn();
  for (const item of items) {
    if (keys.length % portionSize === portionSize - 1 && turn.isOver) await turn.next();
    const given = keyOf(ofItem(call, item), options.key);
    const key = given === undefined || variant === undefined ? given : variantKey(variant, given);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  return keys;
}

function ofItem(call: MethodCall, item: unknown): MethodCall {
  return { ...call, args: [item, ...call.args.slice(1)] };
}

/** The items of one call, by their keys: two items of one key are one entry. */
class ItemsCall {
  readonly #call: MethodCall;
  readonly #options: CacheableOptions;
  readonly #cache: Cache;
  readonly #itemOf = new Map<string, unknown>();
  /** What the method returned in this call: it does not run twice for an item. */
  readonly #made = new Map<string, unknown>();

  constructor(
    call: MethodCall,
    options: CacheableOptions,
    cache: Cache,
    items: readonly unknown[],
    keys: readonly string[],
  ) {
    this.#call = call;
    this.#options = options;
    this.#cache = cache;
    for (const [i, key] of keys.entries()) if (!this.#itemOf.has(key)) this.#itemOf.set(key, items[i]);
  }

  /** The values by key, without absent ones. */
  async run(): Promise<ReadonlyMap<string, unknown>> {
    const keys = [...this.#itemOf.keys()];
    try {
      return await this.#cache.getOrSetMany(keys, this.#loadMissing, this.#loadOptions());
    } catch (error) {
      if (!(error instanceof BulkLoadError)) {
        if (isThrown(error) || !isCacheTrouble(error)) throw error;
        report(this.#call.label, error);
        return this.#withUncached(new Map(), keys);
      }
      for (const reason of error.errors.values()) this.#assertTolerable(reason);
      return this.#withUncached(error.values, [...error.errors.keys()]);
    }
  }

  /** @throws the error, if the method threw it, or the caller must know it */
  #assertTolerable(error: unknown): void {
    if (isThrown(error)) throw error;
    // The load of the entry waits for this run.
    if (error instanceof CircularLoadError) return;
    if (!isCacheTrouble(error)) throw error;
    report(this.#call.label, error);
  }

  /** `values`, and those of `keys` by the method, without the cache. */
  async #withUncached(
    values: ReadonlyMap<string, unknown>,
    keys: readonly string[],
  ): Promise<ReadonlyMap<string, unknown>> {
    const all = new Map(values);
    const missing = keys.filter((key) => !this.#made.has(key));
    if (missing.length > 0) await this.#invoke(missing);
    for (const key of keys) {
      const value = this.#made.get(key);
      if (value !== undefined) all.set(key, value);
    }
    return all;
  }

  #loadOptions(): BulkLoadOptions {
    const { absent, chunkSize, concurrency, tags } = this.#options;
    // Tags that depend on the item are decided for each.
    const ofAll = typeof tags === 'function' ? { ...this.#options, tags: undefined } : this.#options;
    return { ...loadOptions(this.#call, ofAll), absent, chunkSize, concurrency };
  }

  readonly #loadMissing = async (missing: readonly string[], ctx: BulkLoadContext): Promise<unknown[]> => {
    const { tags } = this.#options;
    for (const context of contextsOf(ctx)) {
      onRefusal(context, (error) => {
        report(this.#call.label, error);
      });
    }
    if (typeof tags === 'function') {
      for (const key of missing) ctx.set(key, { tags: tagsOf(tags, this.#ofKey(key), 'tags') });
    }
    const values = await runLoading(this.#cache, new Set(missing), () => this.#invoke(missing));
    const turn = new Turn();
    for (const [i, key] of missing.entries()) {
      if (i % portionSize === portionSize - 1 && turn.isOver) await turn.next();
      this.#decide(key, ctx);
    }
    return values as unknown[];
  };

  #decide(key: string, ctx: BulkLoadContext): void {
    const value = this.#made.get(key);
    if (value === undefined) return;
    const { isStored, ttl, tags } = verdictOn(value, this.#ofKey(key), this.#options);
    if (!isStored || ttl !== undefined || tags.length > 0) ctx.set(key, { skipStore: !isStored, ttl, tags });
  }

  /** Runs the method with the items of `keys`. Returns their values, in the same order. */
  async #invoke(keys: readonly string[]): Promise<unknown[]> {
    const { call, each, absent } = { call: this.#call, ...this.#options };
    const items = keys.map((key) => this.#itemOf.get(key));
    const returned = await call.invoke([items, ...call.args.slice(1)]);
    const values = valuesOfRun(each, returned, items, call.label);
    for (const [i, key] of keys.entries()) {
      if (values[i] === undefined && absent === 'null') values[i] = null;
      this.#made.set(key, values[i]);
    }
    return values;
  }

  #ofKey(key: string): MethodCall {
    return ofItem(this.#call, this.#itemOf.get(key));
  }
}
