import type { KeyState } from '../../../state.js';
import { cacheOf, noTruth } from '../testing/states.js';
import { cacheFacts } from './facts.js';
import { tierAnswers } from './key-facts.js';

const shown = (cache: Parameters<typeof cacheFacts>[0]) =>
  cacheFacts(cache).map(({ label, text, note, mood }) => [label, text, note, mood]);

describe('the facts of a cache', () => {
  it('of two healthy tiers', () => {
    expect(shown(cacheOf('a'))).toEqual([
      ['Redis', 'ready', '400 µs', 'good'],
      ['Breaker', 'closed', undefined, 'good'],
      ['Coherence', 'armed', undefined, 'good'],
      ['Journal', 'empty', undefined, 'good'],
      ['L1', '250', 'of 1,000', 'idle'],
      ['Truth', '–', 'not verified', 'idle'],
    ]);
  });

  it('of an outage', () => {
    const l2 = {
      status: 'away',
      breaker: 'open',
      coherence: 'lost',
      journalSize: 3,
      lastError: 'ECONNREFUSED',
    } as const;
    const cache = cacheOf('a', { l2, journal: { bytes: 930 } });
    expect(shown(cache).slice(0, 4)).toEqual([
      ['Redis', 'away', undefined, 'bad'],
      ['Breaker', 'open', undefined, 'warn'],
      ['Coherence', 'lost', undefined, 'warn'],
      ['Journal', '3 waiting', '930 B', 'warn'],
    ]);
    expect(cacheFacts(cache)[0]?.hint).toBe('ECONNREFUSED');
  });

  it('of a cache in memory, and of one that is off', () => {
    expect(shown(cacheOf('a', { l2: null })).map(([label, text]) => [label, text])).toEqual([
      ...[
        ['Redis', 'none'],
        ['L1', '250'],
        ['Truth', '–'],
      ],
    ]);
    expect(shown(cacheOf('a', { kind: 'disabled' }))).toEqual([['State', 'disabled', undefined, 'idle']]);
  });

  it('show dropped changes after an outage', () => {
    expect(shown(cacheOf('a', { journal: { dropped: 5 } }))[3]).toEqual([
      'Journal',
      'empty',
      '5 dropped',
      'warn',
    ]);
  });

  it.each([
    ['a high truth on the last tenth of the scale', [0.95, 0.99], 0, 'good', [0.5, 0.9]],
    ['a low truth on the whole scale', [0.5, 0.75], 0, 'good', [0.5, 0.75]],
    ['a missed invalidation as a warning', [0.95, 0.99], 1, 'warn', [0.5, 0.9]],
  ] as const)('show %s', (_, [low, high], tag, mood, [from, to]) => {
    const truth = {
      ...{ ...noTruth, verified: 100, untrue: 3, rate: 0.97, interval: [low, high] as [number, number] },
      causes: { ttl: 2, tag, key: 0, writer: 0 },
    };
    const fact = cacheFacts(cacheOf('a', { truth })).at(-1);
    expect(fact).toMatchObject({ label: 'Truth', text: '97.0 %', mood });
    expect([fact?.gauge?.from, fact?.gauge?.to]).toEqual([expect.closeTo(from), expect.closeTo(to)]);
  });
});

describe('the answers of the tiers to a look-up', () => {
  const about = { cache: 'a', namespaces: [], key: 'k', value: null };
  const entry: KeyState['l2'] = {
    kind: 'entry',
    bytes: 1412,
    state: 'stale',
    ttlSeconds: null,
    graceSeconds: 3600,
    tags: [],
    storedAt: 0,
    format: 'JSON',
    version: '',
  };
  const texts = (key: Pick<KeyState, 'l1' | 'l2'>) =>
    tierAnswers({ ...about, ...key }, 'application', 12_000).map(({ text }) => text);

  it.each<[Pick<KeyState, 'l1' | 'l2'>, string[]]>([
    [{ l1: null, l2: null }, ['no L1 to look into', 'the cache has no Redis']],
    [{ l1: { held: false, fresh: false, ttlSeconds: null }, l2: { kind: 'absent' } }, ['absent', 'absent']],
    [{ l1: { held: true, fresh: true, ttlSeconds: 3 }, l2: entry }, ['fresh', 'stale']],
    [
      { l1: null, l2: { kind: 'unreadable', bytes: 3, reason: 'x' } },
      ['no L1 to look into', 'cannot be read'],
    ],
  ])('%#', (key, expected) => expect(texts(key)).toEqual(expected));

  it('tell the life and the size of an entry', () => {
    const facts = Object.fromEntries(
      tierAnswers({ ...about, l1: null, l2: entry }, 'redis', 12_000)[0]?.facts ?? [],
    );
    expect(facts).toMatchObject({
      ...{
        'Time to live': 'no end',
        'Served stale for': '1 h',
        Size: '1.4 kB',
        Format: 'JSON',
        Version: '–',
      },
      Stored: expect.stringContaining('12 s ago'),
    });
  });
});
