import { assertOptions } from '../base/checks.js';
import { cacheClock } from '../base/clock.js';
import { byteCount } from '../base/byte-size.js';
import { durationMs, durationSeconds } from '../base/duration.js';
import { MemoryTier } from '../tiers/memory/memory-tier.js';
import { l1Budget } from './l1-budget.js';
import { advancedInEffect } from './contract/advanced-options.js';
import type { InMemoryCacheOptions } from './contract/cache-options.js';
import { Engine } from './engine.js';
import { Counters } from './observe/counters.js';
import { CacheEmitter } from './observe/emitter.js';
import { harmless } from './observe/logger.js';
import { defaultOptions } from './contract/default-options.js';
import { EvictionWatch } from './observe/eviction-watch.js';
import { Observer } from './observe/observer.js';
import { inMemoryChecks } from './contract/option-checks.js';
import { keyOf } from './entry/keyspace.js';
import { LoadFailures } from './observe/load-failures.js';
import { Refusals } from './observe/refusals.js';
import { planDefaults } from './entry/store-plan.js';
import { TagSync } from './invalidate/tag-sync.js';
import { valueLimits } from './entry/value-rules.js';

/** Most tags that the tag table keeps. Entries with tags from before a forgotten one become misses. */
const maxTags = 10_000;

/** Assembles the engine of an in-memory cache. */
export function memoryEngine(options: InMemoryCacheOptions): Engine {
  assertOptions('InMemoryCache', options, inMemoryChecks);
  const { name = defaultOptions.name, maxSize = 1000, enabled = true } = options;
  const { clock = cacheClock, graceBackoff, verifySettle } = advancedInEffect(options.advanced);
  const counters = new Counters();
  const emitter = new CacheEmitter();
  const maxBytes = options.maxBytes === undefined ? undefined : byteCount(options.maxBytes, 'maxBytes');
  const option = 'maxSize (l1CacheSize or CACHE_SIZE where the cache is configured)';
  const watch = new EvictionWatch({
    ...{
      name,
      maxSize,
      option,
      maxBytes,
      bytesOption: 'maxBytes (l1MaxBytes or CACHE_MAX_BYTES where it is configured)',
    },
    ...{ clock, counters, logger: options.logger },
    sharesBudget: options.memoryBudget !== undefined,
  });
  const onEvict = (id: string): void => {
    counters.evicted();
    watch.evicted();
    if (emitter.has('evict')) emitter.emit('evict', { key: keyOf(id) });
  };
  return new Engine({
    name,
    keyPrefix: 'cache',
    defaultTtl: durationSeconds(options.defaultTtl ?? defaultOptions.defaultTtl, 'defaultTtl'),
    maxSize,
    defaults: planDefaults(options, false, undefined),
    replicaLagMs: durationMs(options.replicaLag ?? defaultOptions.replicaLag, 'replicaLag'),
    verifyPerMinute: options.verifyPerMinute ?? defaultOptions.verifyPerMinute,
    verifySettleMs: durationMs(verifySettle, 'advanced.verifySettle'),
    graceBackoffMs: durationMs(graceBackoff, 'advanced.graceBackoff'),
    isolation: options.isolation ?? defaultOptions.isolation,
    values: valueLimits(options),
    onError: 'degrade',
    clock,
    monitor: options.monitor,
    observer: new Observer(name, options.monitor, options.onOperation),
    emitter,
    counters,
    refusals: new Refusals(name, emitter, options.logger && harmless(options.logger), counters),
    loadFailures: new LoadFailures(name, clock, options.logger && harmless(options.logger)),
    tags: new TagSync(undefined, maxTags),
    l1: enabled
      ? new MemoryTier({
          ...{ maxSize, maxBytes, clock, onEvict },
          budget: l1Budget(options.memoryBudget, counters),
          onTooLarge: () => {
            counters.wasTooLarge();
          },
        })
      : undefined,
    l2: undefined,
    guards: undefined,
    optimisticLoads: undefined,
    recovery: undefined,
  });
}
