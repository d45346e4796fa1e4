import type { CacheSummary } from '../../../../fleet/summary.js';
import { bytes, count, counted, latency, none, percent } from './format.js';
import type { Mood } from './mood.js';

/** One thing that is to be known about the health of a cache. */
export interface Fact {
  readonly label: string;
  readonly text: string;
  readonly note?: string;
  /** Explains it. */
  readonly hint: string;
  readonly mood: Mood;
  /** A part of a scale, 0-1 each. */
  readonly gauge?: { readonly from: number; readonly to: number };
}

/** Redis, breaker, coherence, journal, L1 and truth of a cache. */
export function cacheFacts(cache: CacheSummary): readonly Fact[] {
  if (cache.kind === 'disabled')
    return [{ label: 'State', text: 'disabled', mood: 'idle', hint: 'The cache is off: every read loads.' }];
  const { l1, l2 } = cache.health.tiers;
  return [
    ...(l2 === undefined ? [noRedis] : [redis(l2), breaker(l2), coherence(l2), journal(cache, l2)]),
    ...(l1 === undefined ? [] : [memory(cache, l1)]),
    truth(cache),
  ];
}

type L1 = NonNullable<CacheSummary['health']['tiers']['l1']>;
type L2 = NonNullable<CacheSummary['health']['tiers']['l2']>;

const noRedis: Fact = {
  label: 'Redis',
  text: 'none',
  note: 'this process only',
  mood: 'idle',
  hint: 'The cache is in memory. With REDIS_URL, all instances share it.',
};

function redis({ status, latencyMs, lastError }: L2): Fact {
  const moods = { ready: 'good', connecting: 'warn', away: 'bad' } as const;
  return {
    label: 'Redis',
    text: status,
    ...(latencyMs !== undefined && status === 'ready' && { note: latency(latencyMs) }),
    mood: moods[status],
    hint: lastError ?? 'Duration of a PING',
  };
}

function breaker({ breaker: state }: L2): Fact {
  const mood = state === 'closed' ? 'good' : 'warn';
  return { label: 'Breaker', text: state, mood, hint: 'Closed: calls reach Redis. Open: calls skip it.' };
}

function coherence({ coherence: state }: L2): Fact {
  const moods = { armed: 'good', lost: 'warn', none: 'idle' } as const;
  return {
    label: 'Coherence',
    text: state,
    mood: moods[state],
    hint: 'Armed: the L1 hears of changes by other instances.',
  };
}

function journal({ stats }: CacheSummary, { journalSize }: L2): Fact {
  const { dropped, bytes: size } = stats.journal;
  const lost = dropped > 0 ? `${count(dropped)} dropped` : undefined;
  const note = journalSize > 0 && size > 0 ? bytes(size) : lost;
  return {
    label: 'Journal',
    text: journalSize === 0 ? 'empty' : `${count(journalSize)} waiting`,
    ...(note !== undefined && { note }),
    mood: journalSize > 0 || dropped > 0 ? 'warn' : 'good',
    hint: `Changes that did not reach Redis at once: ${count(stats.journal.replayed)} replayed since the start`,
  };
}

function memory({ stats }: CacheSummary, { size, maxSize }: L1): Fact {
  return {
    label: 'L1',
    text: count(size),
    note: stats.bytes > 0 ? bytes(stats.bytes) : `of ${count(maxSize)}`,
    mood: 'idle',
    hint: `Entries: at most ${count(maxSize)}; ${counted(stats.evictions, 'eviction')} since the start`,
    gauge: { from: 0, to: maxSize === 0 ? 0 : size / maxSize },
  };
}

/** The scale of the gauge of the truth: the last tenth, or all of it when the truth is lower. */
function truth({ health, stats }: CacheSummary): Fact {
  const meter = health.truth ?? stats.truth;
  if (meter.verified === 0)
    return {
      label: 'Truth',
      text: none,
      note: 'not verified',
      mood: 'idle',
      hint: 'With verify: 0.001, a share of hits is compared with the origin.',
    };
  const [low, high] = meter.interval;
  const start = low >= 0.9 ? 0.9 : 0;
  const place = (rate: number) => (rate - start) / (1 - start);
  const { tag, key, writer, ttl } = meter.causes;
  const missed = tag + key + writer;
  return {
    label: 'Truth',
    text: percent(meter.rate),
    note: `of ${count(meter.verified)}`,
    mood: missed > 0 ? 'warn' : 'good',
    hint:
      `Verified hits that told the truth: ${count(meter.untrue)} of ${count(meter.verified)} did not; ` +
      `of all hits probably ${percent(low)} to ${percent(high)}. ` +
      `Wrong: ${count(ttl)} within their ttl, ${count(missed)} after a missed invalidation`,
    gauge: { from: place(low), to: place(high) },
  };
}
