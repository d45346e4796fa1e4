import { deflateRawSync } from 'node:zlib';

import { instanceSample } from '../../../../test/support/fleet-samples.js';
import type { InstanceSummary } from './summary.js';
import { bytesToRead, decoded, encoded, mostBytes } from './wire.js';

/** The bytes as Redis holds them. */
const stored = (bytes: Uint8Array, at: number): Buffer => Buffer.concat([Buffer.from(`${at} `), bytes]);
const deflated = (value: unknown): Buffer => deflateRawSync(JSON.stringify(value));

const named = new Set(['shop']);
const topKeys = [{ cache: 'shop', namespaces: [], key: 'user:7', reads: 10, share: 0.5 }];
const counts = { hits: 1, misses: 1, loads: 1, loadErrors: 0, loadMs: 5, hitRatio: 0.5 };
const groups = ['user:alice', 'Users.find(*)'].map((group) => ({ cache: 'shop', group, ...counts }));
const topTags = [{ cache: 'shop', tag: 'user-7', invalidations: 3 }];

function sample(given: Partial<InstanceSummary> = {}): Promise<InstanceSummary> {
  return instanceSample(
    { caches: [{ cache: 'shop', l1Hits: 5, misses: 1, p50Ms: 2 }], topKeys, topTags, groups },
    given,
  );
}

async function published(summary: InstanceSummary, at = summary.at): Promise<InstanceSummary | undefined> {
  const bytes = await encoded(summary, named);
  return bytes && decoded(stored(bytes, at));
}

describe('a published summary', () => {
  it('comes back as it was', async () => {
    const summary = await sample();
    expect(await published(summary)).toEqual(summary);
  });

  it('has its moments by the clock of the server of Redis, whatever the clock of its host says', async () => {
    const hour = 3_600_000;
    const change = { event: 'degraded', at: 500 } as const;
    const summary = await sample();
    const [cache] = summary.caches;
    const late = { ...summary, startedAt: 100, at: 1000, caches: [{ ...cache!, events: [change] }] };
    const read = await published(late, 1000 + hour);

    expect(read).toMatchObject({ startedAt: 100 + hour, at: 1000 + hour });
    expect(read?.caches[0]?.events).toEqual([{ event: 'degraded', at: 500 + hour }]);
    expect(read?.windows['1m'].endsAt).toBe(1_000_000 + hour);
  });

  it('names no key and no tag if that is not wanted', async () => {
    const bytes = await encoded(await sample(), new Set());
    const read = await decoded(stored(bytes!, 1));
    expect(JSON.stringify(read)).not.toMatch(/user.7|alice/);
    expect(read?.windows['1m'].groups.map(({ group }) => group)).toEqual(['Users.find(*)']);
    expect(read?.windows['1m'].caches).toHaveLength(1);
  });

  it('is shortened until it fits', async () => {
    // Random names do not compress.
    const random = () => Array.from({ length: 40 }, () => Math.random().toString(36).slice(2)).join('');
    const many = Array.from({ length: 1000 }, () => ({
      ...{ cache: 'shop', namespaces: [], key: random(), reads: 1, share: 0 },
    }));
    const summary = await instanceSample({ topKeys: many });
    const bytes = await encoded(summary, named);

    expect(bytes!.length).toBeLessThanOrEqual(mostBytes);
    const read = await decoded(stored(bytes!, 1));
    expect(read?.windows['1m'].topKeys).toEqual(many.slice(0, 100));
  });

  it('has no namespaces of keys if an older release published it', async () => {
    const summary = await sample();
    const { '1m': minute } = summary.windows;
    const older = topKeys.map(({ namespaces: _namespaces, ...key }) => key) as typeof topKeys;
    const windows = { ...summary.windows, '1m': { ...minute, topKeys: older } };
    const read = await decoded(stored((await encoded({ ...summary, windows }, named))!, 1));
    expect(read?.windows['1m'].topKeys).toEqual(topKeys);
  });

  it('is left out if even its shortest form is too large', async () => {
    const ai = { cache: 'x'.repeat(3_000_000), totals: (await sampleAi()).totals, operations: [] };
    expect(await encoded(await sample({ ai: [ai] }), named)).toBeUndefined();
  });
});

async function sampleAi() {
  const counters = { calls: 0, hits: 0, collapsed: 0, misses: 0, bypassed: 0, failures: 0, notStored: 0 };
  const savings = { notAccepted: 0, hitRatio: 0, inputTokensSaved: 0, outputTokensSaved: 0, costSaved: 0 };
  return { totals: { ...counters, ...savings, unpriced: 0, unmetered: 0, timeSavedMs: 0 } };
}

describe('bytes that are no summary', () => {
  it.each<[string, (summary: InstanceSummary) => Buffer]>([
    ['nothing', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('hello there')],
    ['a moment that is no number', (summary) => Buffer.concat([Buffer.from('soon '), deflated(summary)])],
    ['damaged bytes', (summary) => stored(deflated(summary).subarray(0, 40), 1)],
    ['no JSON', () => stored(deflateRawSync('{'), 1)],
    ['another version', (summary) => stored(deflated({ ...summary, version: 2 }), 1)],
    ['a list', () => stored(deflated([]), 1)],
    ['a window that lacks steps', (summary) => stored(deflated(withSeries(summary, [1, 2])), 1)],
    [
      'a window with text for numbers',
      (summary) => stored(deflated(withSeries(summary, Array(60).fill('1'))), 1),
    ],
    ['an unknown status', (summary) => stored(deflated(withStatus(summary, 'great')), 1)],
    ['more bytes than allowed', () => Buffer.alloc(bytesToRead, '1')],
    ['a bomb', () => stored(deflateRawSync(Buffer.alloc(50_000_000, ' ')), 1)],
  ])('are skipped: %s', async (_, make) => {
    expect(await decoded(make(await sample()))).toBeUndefined();
  });

  it('cuts long texts and long lists', async () => {
    const summary = await sample();
    const [cache] = summary.caches;
    const hostile = { ...summary, name: 'n'.repeat(10_000), caches: Array(5000).fill(cache) };
    const read = await decoded(stored(deflated(hostile), 1));
    expect(read?.name).toHaveLength(200);
    expect(read?.caches).toHaveLength(200);
  });

  it('counters that an older release does not have are 0', async () => {
    const summary = await sample();
    const [cache] = summary.caches;
    const { schemaMisses: _, ...stats } = cache!.stats;
    const older = { ...summary, caches: [{ ...cache, stats }] };
    const read = await decoded(stored(deflated(older), 1));
    expect(read?.caches[0]?.stats.schemaMisses).toBe(0);
  });
});

function withSeries(summary: InstanceSummary, l1Hits: unknown): unknown {
  const report = summary.windows['1m'];
  const [cache] = report.caches;
  const caches = [{ ...cache, series: { ...cache?.series, l1Hits } }];
  return { ...summary, windows: { ...summary.windows, '1m': { ...report, caches } } };
}

function withStatus(summary: InstanceSummary, status: string): unknown {
  return { ...summary, caches: summary.caches.map((cache) => ({ ...cache, health: { status, tiers: {} } })) };
}
