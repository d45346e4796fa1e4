import type { Cache } from '../cache/cache.js';
import { assertCacheEvictOptions } from './decorator-checks.js';
import type { CacheEvictOptions, CacheMethodDecorator } from './decorator-options.js';
import { decorateMethod, type MethodCall } from './decorated-method.js';
import { isCacheTrouble, report } from './method-errors.js';
import { assertText, tagsOf, valueOf } from './method-store.js';

/**
 * Evicts entries after the method has succeeded, or before it runs with `beforeInvocation`.
 *
 * ```ts
 * @CacheEvict({ key: (id: string) => `product:${id}`, tags: ['lists'] })
 * async update(id: string, change: Change): Promise<Product> { … }
 * ```
 *
 * @throws ValidationError when the options are wrong, or on anything but an instance method
 */
export function CacheEvict<const O extends CacheEvictOptions>(options: O): CacheMethodDecorator<O> {
  assertCacheEvictOptions(options);
  return (target, name, descriptor) => {
    const decoration = {
      decorator: 'CacheEvict',
      prototype: target,
      name,
      cache: options.cache,
      namespace: options.namespace,
      hasDefaultKey: false,
    };
    decorateMethod(decoration, options, descriptor, (call) => evictAround(call, options));
  };
}

async function evictAround(call: MethodCall, options: CacheEvictOptions): Promise<unknown> {
  // Before the method runs: what is wrong with a key must not come to light after its work is done.
  const targets = targetsOf(call, options);
  if (options.beforeInvocation === true) {
    await evict(call, targets);
    return call.invoke();
  }
  const result = await call.invoke();
  await evict(call, targets);
  return result;
}

interface Targets {
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly pattern: string | undefined;
  readonly everything: boolean;
}

function targetsOf({ args, label }: MethodCall, options: CacheEvictOptions): Targets {
  const { key, tags, pattern, allEntries } = options;
  return {
    keys: key === undefined ? [] : keysOf(valueOf(key, args), label),
    tags: tags === undefined ? [] : tagsOf(tags, args, label),
    pattern: pattern === undefined ? undefined : patternOf(valueOf(pattern, args), label),
    everything: allEntries === true,
  };
}

function keysOf(value: unknown, label: string): readonly string[] {
  const keys: readonly unknown[] = Array.isArray(value) ? value : [value];
  return keys.map((key) => {
    assertText(key, label, 'key');
    return key;
  });
}

function patternOf(value: unknown, label: string): string {
  assertText(value, label, 'pattern');
  return value;
}

async function evict({ cache, label }: MethodCall, targets: Targets): Promise<void> {
  try {
    await evictFrom(cache, targets);
  } catch (error) {
    if (!isCacheTrouble(error)) throw error;
    report(label, error);
  }
}

/** All of them, also when one fails. */
async function evictFrom(cache: Cache, { keys, tags, pattern, everything }: Targets): Promise<void> {
  if (everything) return cache.clear();
  const results = await Promise.allSettled([
    keys.length > 0 ? cache.deleteMany(keys) : undefined,
    tags.length > 0 ? cache.invalidateTags(...tags) : undefined,
    pattern === undefined ? undefined : cache.invalidatePattern(pattern),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
