import { byteCount } from '../base/byte-size.js';
import { cacheClock } from '../base/clock.js';
import { Codec } from '../codec/codec.js';
import { KeyRing } from '../codec/encryption.js';
import { durationMs, durationSeconds } from '../base/duration.js';
import { guideUrl } from '../base/guide-url.js';
import { encodedPrefix, namespacePath } from '../keys/namespace.js';
import type { CoherenceChannel } from '../tiers/coherence/channel.js';
import { Deadlines } from '../tiers/redis/deadlines.js';
import { MemoryTier } from '../tiers/memory/memory-tier.js';
import { RedisConnection } from '../tiers/redis/connection.js';
import { RedisExecutor } from '../tiers/redis/executor.js';
import type { SiblingKeys } from '../tiers/redis/entry-removals.js';
import { LoadGuards } from '../tiers/redis/load-guards.js';
import { OptimisticLoads } from '../tiers/redis/optimistic-loads.js';
import { RedisTier } from '../tiers/redis/redis-tier.js';
import { tagTableKey } from '../tiers/redis/tag-channel.js';
import { PubSubCoherence } from '../tiers/coherence/pubsub.js';
import { noOwnChange, type OwnChange } from '../tiers/redis/own-changes.js';
import { announce, track } from '../tiers/coherence/shared-tracking.js';
import { adviseOnce, adviserSettings } from './observe/adviser.js';
import { l1Budget } from './l1-budget.js';
import { advancedInEffect } from './contract/advanced-options.js';
import type { RedisCacheOptions } from './contract/cache-options.js';
import { CoherenceLog } from './observe/coherence-log.js';
import { Engine } from './engine.js';
import { Counters } from './observe/counters.js';
import { CacheEmitter } from './observe/emitter.js';
import { defaultOptions, defaultRedisOptions as defaults, unheardL1Ttl } from './contract/default-options.js';
import { EvictionWatch } from './observe/eviction-watch.js';
import { FreezeWatch } from './observe/freeze-watch.js';
import { harmless } from './observe/logger.js';
import { Observer } from './observe/observer.js';
import { clearedKey, covers, keyOf, Keyspace, latestClearKey } from './entry/keyspace.js';
import { Recovery } from './recover/recovery.js';
import { RecoveryJournal, type JournalEntry } from './recover/journal.js';
import { RedisAvailability } from './recover/redis-availability.js';
import { LoadFailures } from './observe/load-failures.js';
import { Refusals } from './observe/refusals.js';
import { planDefaults } from './entry/store-plan.js';
import { RemoteChanges } from './invalidate/remote-changes.js';
import { TagSync } from './invalidate/tag-sync.js';
import { valueLimits } from './entry/value-rules.js';

/** Most tags that the tag table keeps. Older ones are evicted; tagged entries from before then become misses. */
export const maxTags = 10_000;

/** Time limit for an answer of the invalidation channel, milliseconds. */
const channelTimeoutMs = 2000;

/** Assembles the engine of a Redis cache. It connects on first use. */
export function redisEngine(options: RedisCacheOptions, connectTimeoutMs: number): Engine {
  const { name = defaultOptions.name } = options;
  const advanced = advancedInEffect(options.advanced);
  const { clock = cacheClock } = advanced;
  const { l1CacheSize = defaults.l1CacheSize, enableL1Cache = defaults.enableL1Cache } = options;
  const keyPrefix = options.keyPrefix === undefined ? defaultPrefix(name) : encodedPrefix(options.keyPrefix);
  const coherence = enableL1Cache ? (options.coherence ?? defaults.coherence) : 'none';
  const receivesAllChanges = coherence === 'tracking' || coherence === 'broadcast';
  const fallbackL1Ttl = enableL1Cache && !receivesAllChanges ? unheardL1Ttl : undefined;
  const counters = new Counters();
  const emitter = new CacheEmitter();
  const maxBytes = options.l1MaxBytes === undefined ? undefined : byteCount(options.l1MaxBytes, 'l1MaxBytes');
  const watch = new EvictionWatch({
    ...{ name, maxSize: l1CacheSize, option: 'l1CacheSize (CACHE_SIZE)', clock, counters },
    ...{ maxBytes, bytesOption: 'l1MaxBytes (CACHE_MAX_BYTES)', logger: options.logger },
    sharesBudget: options.memoryBudget !== undefined,
  });
  const onEvict = (id: string): void => {
    counters.evicted();
    watch.evicted();
    if (emitter.has('evict')) emitter.emit('evict', { key: keyOf(id) });
  };

  const connection = new RedisConnection(options.redis ?? { url: options.redisUrl }, connectTimeoutMs, {
    onReady: () => {
      availability.onReady();
    },
    onAway: (reason) => {
      coherenceLog?.redisAway();
      availability.onUnavailable(reason);
    },
  });
  const executor = new RedisExecutor(
    connection,
    {
      commandTimeoutMs: durationMs(options.commandTimeout ?? defaults.commandTimeout, 'commandTimeout'),
      breakerThreshold: advanced.breakerThreshold,
      breakerProbeMs: durationMs(advanced.breakerProbeInterval, 'advanced.breakerProbeInterval'),
    },
    {
      onBreak: (reason) => {
        emitter.emit('breakerOpen', { reason });
        availability.onUnavailable(reason);
      },
      onReset: () => {
        availability.onReady();
      },
      onRefused: (message) => {
        logger?.warn(
          `${title}: ${message}. Operations that need this command fail. ` +
            `Commands to allow: ${guideUrl('security.md#redis')}`,
        );
      },
    },
  );
  const changing = (redisKeys: readonly string[]): OwnChange =>
    engine.coherence.channel?.changing(redisKeys) ?? noOwnChange;
  const codec = new Codec({
    format: options.format ?? defaults.format,
    enableCompression: options.enableCompression ?? defaults.enableCompression,
    compressionThreshold: options.compressionThreshold ?? defaults.compressionThreshold,
    compressionAlgorithm: options.compressionAlgorithm ?? defaults.compressionAlgorithm,
    compressionLevel: advanced.compressionLevel,
    maxValueBytes: options.maxValueBytes ?? defaults.maxValueBytes,
    ...valueLimits(options),
    encryption: options.encryption && new KeyRing(options.encryption.keys),
  });
  const horizonMs = durationMs(advanced.journalHorizon, 'advanced.journalHorizon');
  const replicaLagMs = durationMs(options.replicaLag ?? defaultOptions.replicaLag, 'replicaLag');
  // The traces of removals serve both.
  const tracesMs = Math.max(horizonMs, replicaLagMs);
  const everything = new Keyspace(keyPrefix, '').redisScope();
  const siblings: SiblingKeys = {
    guardKeyOf: (redisKey) => guards.guardKeyOf(redisKey),
    tombstoneOf: (redisKey) => guards.tombstoneOf(redisKey),
  };
  const l2 = new RedisTier(connection, executor, codec, {
    tagTableKey: tagTableKey(keyPrefix),
    clearedKey: clearedKey(keyPrefix),
    latestClearKey: latestClearKey(keyPrefix),
    clearedEverything: everything.mark,
    horizonMs: tracesMs,
    covers: (mark, redisKey) => covers(keyPrefix, mark, redisKey),
    siblings,
    maxTags,
    clock,
    trackWrites: coherence === 'tracking',
    isBroadcast: coherence === 'broadcast',
    changing,
    onCorrupt: (key, reason) => {
      counters.foundCorrupt();
      emitter.emit('corrupt', { key, reason });
    },
  });
  const tags = new TagSync(l2, maxTags);
  const limits = {
    maxEntries: advanced.journalMaxEntries,
    maxBytes: advanced.journalMaxBytes,
    horizonMs,
  };
  const guards = new LoadGuards(
    executor,
    keyPrefix,
    durationMs(advanced.leaseDuration, 'advanced.leaseDuration'),
    connection.clientPrefix,
    changing,
    tracesMs,
  );
  const optimisticLoads = new OptimisticLoads({
    ...{ connection, executor, siblings, changing, clock: l2.clock },
    latestClearKey: latestClearKey(keyPrefix),
    clearedSince: (at) => l2.lateChanges.clearedSince(at),
    covers: (mark, redisKey) => covers(keyPrefix, mark, redisKey),
    trackWrites: coherence === 'tracking',
  });
  const journal = new RecoveryJournal(limits, everything, {
    onDropped: (dropped) => emitter.emit('journalOverflow', { dropped: describe(dropped) }),
    onWidened: () =>
      emitter.emit('journalOverflow', {
        dropped: 'nothing: every key of the cache is removed from Redis instead',
      }),
  });
  const recovery = new Recovery(journal, {
    ...{ keyPrefix, l2, tags, everything, values: valueLimits(options) },
    now: () => clock.now(),
  });
  const engine = new Engine({
    name,
    keyPrefix,
    defaultTtl: durationSeconds(options.defaultTtl ?? defaultOptions.defaultTtl, 'defaultTtl'),
    maxSize: l1CacheSize,
    defaults: planDefaults(options, options.lock ?? defaults.lock, options.l1Ttl ?? fallbackL1Ttl),
    replicaLagMs,
    verifyPerMinute: options.verifyPerMinute ?? defaultOptions.verifyPerMinute,
    verifySettleMs: durationMs(advanced.verifySettle, 'advanced.verifySettle'),
    graceBackoffMs: durationMs(advanced.graceBackoff, 'advanced.graceBackoff'),
    isolation: options.isolation ?? defaultOptions.isolation,
    values: valueLimits(options),
    onError: options.onError ?? defaults.onError,
    clock,
    monitor: options.monitor,
    observer: new Observer(name, options.monitor, options.onOperation, connection.peer),
    emitter,
    counters,
    refusals: new Refusals(name, emitter, options.logger && harmless(options.logger), counters),
    loadFailures: new LoadFailures(name, clock, options.logger && harmless(options.logger)),
    tags,
    l1: enableL1Cache
      ? new MemoryTier({
          ...{ maxSize: l1CacheSize, maxBytes, clock, onEvict },
          budget: l1Budget(options.memoryBudget, counters),
          onTooLarge: () => {
            counters.wasTooLarge();
          },
        })
      : undefined,
    l2,
    guards,
    optimisticLoads,
    recovery: limits.maxEntries > 0 ? recovery : undefined,
  });
  const logger = options.logger && harmless(options.logger);
  const coherenceLog = logger && new CoherenceLog(name, logger);
  const title = `Cache '${name}': Redis (${connection.address})`;
  const availability = new RedisAvailability(title, l2, recovery, emitter, logger, {
    onFirstReady: () => {
      if (options.logger === undefined || !advanced.adviser) return;
      void adviseOnce(l2, adviserSettings(options, { name, keyPrefix, coherence }), options.logger);
    },
    onRecovered: () => {
      engine.coherence.emptyL1();
    },
  });
  recovery.onSettled = (redisKey) => {
    engine.coherence.onRemoteChange(redisKey);
  };
  recovery.onReplayed = (redisKeys) => {
    engine.coherence.announce(redisKeys);
  };
  recovery.onRecorded = () => {
    availability.retrySoon();
  };
  engine.lifecycle.onClose(() => {
    availability.close();
  });
  engine.coherence.useNeighbours((redisKeys) => {
    announce(connection.client, redisKeys);
  });
  if (coherence !== 'none') openChannel(engine, l2, coherence, keyPrefix, connectTimeoutMs, coherenceLog);
  return engine;
}

/** Opens the channel by which this cache hears of changes made elsewhere. */
function openChannel(
  engine: Engine,
  l2: RedisTier,
  mode: 'tracking' | 'broadcast' | 'pubsub',
  keyPrefix: string,
  connectTimeoutMs: number,
  log: CoherenceLog | undefined,
): void {
  const { tags, emitter, coherence } = engine;
  const listener = new RemoteChanges({
    ...{ tags, emitter, coherence, log },
    tagTableKey: tagTableKey(keyPrefix),
    isRedisReady: () => l2.connection.status === 'ready',
  });
  const connecting = new Deadlines(connectTimeoutMs);
  const deadlines = new Deadlines(channelTimeoutMs);
  const { client } = l2.connection;
  const prefix = `${keyPrefix}:`;
  const channel: CoherenceChannel =
    mode === 'pubsub'
      ? new PubSubCoherence(
          client,
          prefix,
          connecting,
          (channel, message) => l2.publish(channel, message),
          listener,
        )
      : track(client, prefix, { mode, deadlines, connecting }, listener);
  coherence.useChannel(channel);
  const freezeWatch = new FreezeWatch(() => {
    tags.onChange();
    coherence.emptyL1();
  });
  engine.lifecycle.onClose(() => {
    freezeWatch.close();
    channel.close();
    connecting.close();
    deadlines.close();
    log?.redisAway();
  });
}

function defaultPrefix(name: string): string {
  return name === 'default' ? 'cache' : `cache.${namespacePath('', name)}`;
}

function describe(entry: JournalEntry): string {
  if (entry.kind === 'tag') return `invalidation of tag '${entry.tag}'`;
  if (entry.kind === 'match') return `removal of '${entry.globs[0] ?? ''}'`;
  return `${entry.kind} of '${entry.redisKey}'`;
}
