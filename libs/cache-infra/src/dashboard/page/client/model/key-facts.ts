import type { DashboardState, KeyState } from '../../../state.js';
import { ago, bytes, clock, duration, none } from './format.js';
import type { Mood } from './mood.js';

/** One tier's answer to a look-up. */
export interface TierAnswer {
  readonly tier: 'l1' | 'l2';
  readonly title: string;
  readonly text: string;
  readonly mood: Mood;
  /** Names and values. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** What the tiers hold under a key, in words. */
export function tierAnswers(
  key: KeyState,
  source: DashboardState['source'],
  now: number,
): readonly TierAnswer[] {
  // The command line sees Redis alone.
  return source === 'redis' ? [l2Answer(key, now)] : [l1Answer(key), l2Answer(key, now)];
}

function l1Answer({ l1 }: KeyState): TierAnswer {
  const about = { tier: 'l1', title: 'L1 of this instance' } as const;
  if (l1 === null) return { ...about, text: 'no L1 to look into', mood: 'idle', facts: [] };
  const facts = [['Time to live', ttl(l1.ttlSeconds)]] as const;
  return l1.fresh
    ? { ...about, text: 'fresh', mood: 'good', facts }
    : { ...about, text: l1.held ? 'stale' : 'absent', mood: l1.held ? 'warn' : 'idle', facts: [] };
}

const moods = { fresh: 'good', stale: 'warn', expired: 'idle', invalidated: 'idle' } as const;

function l2Answer({ l2 }: KeyState, now: number): TierAnswer {
  const about = { tier: 'l2', title: 'Redis' } as const;
  if (l2 === null) return { ...about, text: 'the cache has no Redis', mood: 'idle', facts: [] };
  switch (l2.kind) {
    case 'absent':
      return { ...about, text: 'absent', mood: 'idle', facts: [] };
    case 'unreadable':
      return {
        ...about,
        text: 'cannot be read',
        mood: 'bad',
        facts: [
          ['Reason', l2.reason],
          ['Size', bytes(l2.bytes)],
        ],
      };
    case 'entry':
      return {
        ...about,
        text: l2.state,
        mood: moods[l2.state],
        facts: [
          ['Time to live', ttl(l2.ttlSeconds)],
          ...(l2.graceSeconds === null ? [] : [['Served stale for', duration(l2.graceSeconds)] as const]),
          ['Size', bytes(l2.bytes)],
          ['Format', l2.format],
          ['Version', l2.version === '' ? none : l2.version],
          ['Stored', `${clock(l2.storedAt)}, ${ago(l2.storedAt, now)}`],
        ],
      };
  }
}

function ttl(seconds: number | null): string {
  return seconds === null ? 'no end' : duration(seconds);
}
