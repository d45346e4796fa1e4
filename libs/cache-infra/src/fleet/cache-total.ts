import type { CacheHealth, L1Health, L2Health } from '../cache/contract/health.js';
import type { CacheStats } from '../cache/contract/stats.js';
import type { TruthStats } from '../cache/contract/truth.js';
import { wilson } from '../cache/observe/truth-meter.js';
import type { CacheSummary } from './summary.js';
import { known, sum, sumOf, worst } from './sums.js';
import { limits } from './summary-shape.js';

type Parts<T> = readonly [T, ...T[]];

/** One cache in several instances as if it were one: counts are added, its health is the worst of all. */
export function cacheTotal(parts: Parts<CacheSummary>): CacheSummary {
  const stats = statsTotal(parts.map((part) => part.stats) as [CacheStats, ...CacheStats[]]);
  return {
    name: parts[0].name,
    kind: worst(
      ['redis', 'memory', 'disabled'],
      parts.map(({ kind }) => kind),
    ),
    keyPrefix: parts[0].keyPrefix,
    health: healthTotal(
      parts.map(({ health }) => health),
      stats.truth,
    ),
    stats,
    events: parts
      .flatMap(({ events }) => events)
      .sort((a, b) => b.at - a.at)
      .slice(0, limits.events),
  };
}

const counters = [
  ...['hits', 'misses', 'sets', 'deletes', 'errors', 'loads', 'loadErrors', 'notStored', 'schemaMisses'],
  ...['otherVersion', 'notModified', 'lagging', 'staleHits', 'refreshes', 'coalesced', 'evictions'],
  ...['tooLarge', 'corrupt', 'size', 'bytes'],
] as const satisfies readonly (keyof CacheStats)[];
const tierCounters = ['hits', 'misses', 'sets', 'deletes', 'errors'] as const;
const journalCounters = [
  'size',
  'bytes',
  'recorded',
  'replayed',
  'superseded',
  'dropped',
  'expired',
] as const;

function statsTotal(parts: Parts<CacheStats>): CacheStats {
  const sums = sumOf(counters, parts);
  const asked = sums.hits + sums.misses;
  const of = <K extends 'l1' | 'l2' | 'journal' | 'compression' | 'truth'>(name: K): CacheStats[K][] =>
    parts.map((part) => part[name]);
  return {
    name: parts[0].name,
    ...sums,
    hitRatio: asked === 0 ? 0 : sums.hits / asked,
    truth: truthTotal(of('truth')),
    compression: sumOf(['count', 'bytesIn', 'bytesOut'], of('compression')),
    journal: sumOf(journalCounters, of('journal')),
    l1: sumOf(tierCounters, of('l1')),
    l2: sumOf(tierCounters, of('l2')),
  };
}

function truthTotal(parts: readonly TruthStats[]): TruthStats {
  const sums = sumOf(['verified', 'untrue', 'inconclusive', 'skipped'], parts);
  const { verified, untrue } = sums;
  return {
    ...sums,
    rate: verified === 0 ? 1 : (verified - untrue) / verified,
    interval: wilson(verified - untrue, verified),
    causes: sumOf(
      ['ttl', 'tag', 'key', 'writer'],
      parts.map(({ causes }) => causes),
    ),
    oldestMs: Math.max(0, ...parts.map(({ oldestMs }) => oldestMs)),
  };
}

function healthTotal(parts: readonly CacheHealth[], truth: TruthStats): CacheHealth {
  const l1 = known(parts.map(({ tiers }) => tiers.l1));
  const l2 = known(parts.map(({ tiers }) => tiers.l2));
  return {
    status: worst(
      ['down', 'degraded', 'up'],
      parts.map(({ status }) => status),
    ),
    tiers: {
      ...(l1.length > 0 && { l1: l1Total(l1) }),
      ...(l2.length > 0 && { l2: l2Total(l2) }),
    },
    ...(truth.verified > 0 && { truth }),
  };
}

function l1Total(parts: readonly L1Health[]): L1Health {
  const unheard = known(parts.map(({ unheardMs }) => unheardMs));
  return {
    size: sum(parts.map(({ size }) => size)),
    maxSize: sum(parts.map(({ maxSize }) => maxSize)),
    ...(unheard.length > 0 && { unheardMs: Math.max(...unheard) }),
  };
}

function l2Total(parts: readonly L2Health[]): L2Health {
  const latencies = known(parts.map(({ latencyMs }) => latencyMs));
  const [lastError] = known(parts.map((part) => part.lastError));
  return {
    status: worst(
      ['away', 'connecting', 'ready'],
      parts.map(({ status }) => status),
    ),
    ...(latencies.length > 0 && { latencyMs: Math.max(...latencies) }),
    ...(lastError !== undefined && { lastError }),
    breaker: worst(
      ['open', 'half-open', 'closed'],
      parts.map(({ breaker }) => breaker),
    ),
    coherence: worst(
      ['lost', 'armed', 'none'],
      parts.map(({ coherence }) => coherence),
    ),
    journalSize: sum(parts.map(({ journalSize }) => journalSize)),
  };
}
