import type { Cache } from '../../cache/contract/cache.js';
import { currentScope, outsideScope } from '../../cache/deferred-invalidations.js';
import { escapeGlob } from '../../keys/glob.js';
import { assertParentheses, assertCacheEvictOptions, evictDefaults } from './decorator-checks.js';
import type {
  AsyncMethod,
  CacheEvictOptions,
  CacheMethodDecorator,
  Known,
  MethodOptionsFor,
  NamedMethodDecorator,
  UntypedMethodDecorator,
} from './decorator-options.js';
import { decorateMethod, type MethodCall } from './decorated-method.js';
import { isCacheTrouble, report, reportEviction, warnOnce } from './method-errors.js';
import { assertText, tagsOf, valueOf, warnOfGap, type OptionCall } from './method-store.js';
import { variantGlob, variantKey, variantOf, type Variant } from './method-variant.js';

/**
 * Evicts entries after the method has succeeded, or before it runs with `beforeInvocation`.
 *
 * ```ts
 * @CacheEvict({ key: (id: string) => `product:${id}`, tags: ['lists'] })
 * async update(id: string, change: Change): Promise<Product> { … }
 * ```
 *
 * `resultKey` and `resultTags` select entries by the result: `resultKey: (user: User) => `email:${user.email}``.
 *
 * Inside `deferInvalidations` the eviction takes effect after the commit; see `when`.
 *
 * With `vary`, keys and patterns apply to the caller's entries; where a fact about the caller is unknown, to the
 * entries of every caller.
 *
 * @throws ValidationError when the options are invalid, or on anything but an instance method
 */
export function CacheEvict<const O extends CacheEvictOptions>(
  options: O & Known<O, CacheEvictOptions>,
): CacheMethodDecorator<O>;
export function CacheEvict<M extends AsyncMethod = never>(
  options: MethodOptionsFor<CacheEvictOptions, M>,
): NamedMethodDecorator<M>;
export function CacheEvict(options: CacheEvictOptions, ...rest: readonly unknown[]): UntypedMethodDecorator {
  assertParentheses('@CacheEvict', options, rest, '{ key: … }');
  assertCacheEvictOptions(options);
  return (target, name, descriptor) => {
    const decoration = {
      decorator: 'CacheEvict',
      prototype: target,
      name,
      options,
      defaults: evictDefaults,
      hasDefaultKey: false,
    };
    decorateMethod(decoration, descriptor, evictAround);
  };
}

async function evictAround(call: MethodCall, options: CacheEvictOptions): Promise<unknown> {
  // Compute the keys before the method runs: an invalid key must not surface after the method's work is done.
  const variant = await variantOf(call, options.vary);
  const given = givenBefore(call, options);
  if (options.beforeInvocation === true) {
    await evict(call, targetsOf(call, given, variant), options);
    return call.invoke();
  }
  const result = await call.invoke();
  await evict(call, targetsOf(call, withResult(given, result, call, options), variant), options);
  return result;
}

/** The values of the options for one call. */
interface Given {
  readonly keys: readonly string[];
  readonly patterns: readonly string[];
  readonly tags: readonly string[];
  readonly everything: boolean;
}

function givenBefore(call: MethodCall, { key, pattern, tags, allEntries }: CacheEvictOptions): Given {
  return {
    keys: textsOf('key', key, call),
    patterns: textsOf('pattern', pattern, call),
    tags: tags === undefined ? [] : tagsOf(tags, call, 'tags'),
    everything: allEntries === true,
  };
}

/** Adds the keys and tags made from the result. If a function throws, its error is reported, and `given` applies. */
function withResult(
  given: Given,
  result: unknown,
  call: MethodCall,
  { resultKey, resultTags }: CacheEvictOptions,
): Given {
  if (resultKey === undefined && resultTags === undefined) return given;
  const ofResult = { ...call, args: [result, ...call.args] };
  try {
    const keys = textsOf('resultKey', resultKey, ofResult);
    const tags = resultTags === undefined ? [] : tagsOf(resultTags, ofResult, 'resultTags');
    return { ...given, keys: [...given.keys, ...keys], tags: [...given.tags, ...tags] };
  } catch (error) {
    reportEviction(call.label, error);
    return given;
  }
}

interface Targets extends Given {
  /** The cache, or its namespace, that holds the keys and patterns. */
  readonly cache: Cache;
}

function targetsOf({ cache }: MethodCall, given: Given, variant: Variant | undefined): Targets {
  if (variant === undefined) return { cache, ...given };
  const { keys, patterns } = given;
  // With an unknown fact, evict the entries of every caller: none may keep a value that this write changed.
  const unknown = variant.values.includes(undefined);
  return {
    ...given,
    cache: variant.cache,
    keys: unknown ? [] : keys.map((each) => variantKey(variant, each)).filter((each) => each !== undefined),
    patterns: [...patterns, ...(unknown ? keys.map(escapeGlob) : [])].map((it) => variantGlob(variant, it)),
  };
}

/** The strings of an option: one pattern, or one or several keys. */
function textsOf(
  name: 'key' | 'resultKey' | 'pattern',
  option: unknown,
  call: OptionCall,
): readonly string[] {
  if (option === undefined) return [];
  const value = valueOf(option, call);
  const texts: readonly unknown[] = name !== 'pattern' && Array.isArray(value) ? value : [value];
  return texts.map((text) => {
    assertText(text, call.label, name);
    if (typeof option === 'function') warnOfGap(text, call, name);
    return text;
  });
}

async function evict(call: MethodCall, targets: Targets, options: CacheEvictOptions): Promise<void> {
  const { cache, label, evictions } = call;
  const time = options.when ?? evictions;
  const work = (): Promise<void> => evictFrom(cache, targets, options.markStale === true);
  if (time === 'commit' && currentScope() === undefined) warnOfNoScope(label);
  try {
    await (time === 'now' ? outsideScope(work) : work());
  } catch (error) {
    if (!isCacheTrouble(error)) throw error;
    report(label, error);
  }
}

function warnOfNoScope(label: string): void {
  const words = `${label} evicts at once: it is called outside of deferInvalidations(), so there is no commit to wait for`;
  warnOnce(label, 'no scope', words);
}

/** Runs every eviction, even if one fails. Tags and `allEntries` apply to the whole cache, across all variants. */
async function evictFrom(
  whole: Cache,
  { cache, keys, patterns, tags, everything }: Targets,
  isSoft: boolean,
): Promise<void> {
  if (everything) return whole.clear();
  const byKey = (): Promise<unknown> =>
    isSoft ? Promise.all(keys.map((key) => cache.markStale(key))) : cache.deleteMany(keys);
  const byTag = (): Promise<void> => (isSoft ? whole.expireTags(...tags) : whole.invalidateTags(...tags));
  const results = await Promise.allSettled([
    keys.length > 0 ? byKey() : undefined,
    tags.length > 0 ? byTag() : undefined,
    ...patterns.map((pattern) => cache.invalidatePattern(pattern)),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
