import {
  cacheOf,
  instanceOf,
  noTruth,
  now,
  stateOf,
  windowOf,
  type CacheChanges,
} from '../testing/states.js';
import { verdictOf } from './verdict.js';

const three = [instanceOf('web-1'), instanceOf('web-2'), instanceOf('web-3')];
const away: CacheChanges = {
  status: 'degraded',
  l2: { status: 'away', breaker: 'open', coherence: 'lost', journalSize: 7 },
  events: [{ at: now - 12_000, event: 'degraded' }],
};

describe('the verdict', () => {
  it('of a healthy fleet, of its only instance, and of one of several', () => {
    const caches = [cacheOf('a')];
    expect(verdictOf(stateOf(caches, { instances: three }))).toMatchObject({
      ...{ mood: 'good', title: 'All 3 instances are healthy' },
    });
    expect(verdictOf(stateOf(caches)).title).toBe('Everything is healthy');
    expect(verdictOf(stateOf(caches, { instances: three, shown: 'id-web-2' })).title).toBe(
      'web-2 is healthy',
    );
  });

  it('of nothing to judge is no judgement', () => {
    expect(verdictOf(stateOf([], { instances: [] }))).toMatchObject({
      ...{ mood: 'idle', title: 'No instance has reported yet' },
    });
    expect(verdictOf(stateOf([]))).toMatchObject({ mood: 'idle', title: 'There is no cache yet' });
  });

  it('tells since when Redis is away, what answers, and how many changes wait in all caches', () => {
    expect(verdictOf(stateOf([cacheOf('a', away), cacheOf('b', away)]))).toEqual({
      mood: 'bad',
      title: 'Redis is away since 12 s: the L1 answers, 14 changes wait',
      spoken: 'Redis is away: the L1 answers',
    });
  });

  it('names the caches whose Redis is away when others have theirs', () => {
    const caches = [cacheOf('a', { ...away, events: [] }), cacheOf('b'), cacheOf('c', { l2: null })];
    expect(verdictOf(stateOf(caches)).title).toBe('Redis is away for a: the L1 answers, 7 changes wait');
  });

  it('does not promise an L1 that is not there', () => {
    const caches = [cacheOf('a', { ...away, hasL1: false }), cacheOf('b', away)];
    expect(verdictOf(stateOf(caches)).spoken).toBe('Redis is away: calls go on without it');
  });

  it.each<[string, CacheChanges, string]>([
    ['a cache that is down', { status: 'down' }, 'The cache is down: every read misses'],
    ['an open breaker', { l2: { breaker: 'open' } }, 'The breaker of the cache is open'],
    ['Redis that is not connected', { l2: { status: 'connecting' } }, 'Redis is not connected yet'],
    ['a lost channel', { l2: { coherence: 'lost' } }, 'The cache does not hear of remote changes'],
    ['a journal', { l2: { journalSize: 1 } }, 'Redis is there: 1 change waits in the journal'],
    [
      'a refusal',
      { status: 'degraded', l2: { lastError: 'NOPERM del' } },
      'The cache is degraded: NOPERM del',
    ],
  ])('tells of %s', (_, changes, title) => {
    expect(verdictOf(stateOf([cacheOf('a', changes)])).title).toContain(title);
  });

  it('tells of an origin that fails, when it was asked often enough', () => {
    const origin = (loads: number, loadErrors: number) => {
      const window = windowOf('a', 9, 1);
      return stateOf([cacheOf('a')], {
        report: { caches: [{ ...window, counts: { ...window.counts, loads, loadErrors } }] },
      });
    };
    expect(verdictOf(origin(40, 34))).toEqual({
      ...{
        mood: 'warn',
        title: 'The origin fails: 34 of 40 loads in the last minute',
        spoken: 'The origin fails',
      },
    });
    expect([verdictOf(origin(4, 4)).mood, verdictOf(origin(40, 7)).mood]).toEqual(['good', 'good']);
  });

  it('tells the most serious thing first, and names the caches', () => {
    const caches = [cacheOf('a', away), ...['b', 'c', 'd'].map((name) => cacheOf(name, { status: 'down' }))];
    expect(verdictOf(stateOf(caches))).toMatchObject({
      mood: 'bad',
      title: 'b, c and 1 more are down: every read misses',
    });
  });

  it('takes no disabled cache for one that is down', () => {
    expect(verdictOf(stateOf([cacheOf('a', { kind: 'disabled', status: 'down', l2: null })])).mood).toBe(
      'good',
    );
  });

  it('tells of missed invalidations, and not of values that were old within their ttl', () => {
    const truth = { ...noTruth, verified: 400, untrue: 3, rate: 0.9925 };
    const old = cacheOf('a', { truth: { ...truth, causes: { ttl: 3, tag: 0, key: 0, writer: 0 } } });
    const missed = cacheOf('a', { truth: { ...truth, causes: { ttl: 1, tag: 2, key: 0, writer: 0 } } });
    expect(verdictOf(stateOf([old])).mood).toBe('good');
    expect(verdictOf(stateOf([missed]))).toMatchObject({
      ...{ mood: 'warn', spoken: 'a served old values after a missed invalidation' },
    });
  });

  it('tells of instances that are silent or in trouble while the caches look well', () => {
    const silent = three.map((each, i) => (i === 1 ? { ...each, at: now - 20_000 } : each));
    const ill = three.map((each, i) => (i === 0 ? each : { ...each, status: 'degraded' as const }));
    const caches = [cacheOf('a')];
    expect(verdictOf(stateOf(caches, { instances: silent })).title).toBe('1 of 3 instances is silent: web-2');
    expect(verdictOf(stateOf(caches, { instances: ill })).title).toBe('2 of 3 instances are in trouble');
    expect(verdictOf(stateOf(caches, { instances: ill, shown: 'id-web-1' })).mood).toBe('good');
  });
});
