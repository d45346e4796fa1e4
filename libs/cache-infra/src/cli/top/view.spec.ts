import { instanceSample } from '../../../../../test/support/fleet-samples.js';
import { fleetOf } from '../../fleet/read-fleet.js';
import type { FleetSummary } from '../../fleet/summary.js';
import { styleFor } from '../look/style.js';
import { rowsFor, topLines, type TopState } from './view.js';

const plain = styleFor({ colours: false });
const coloured = styleFor({ colours: true });
const at = Date.now();

async function fleet(instances = 2): Promise<FleetSummary> {
  const sample = {
    endsAt: at,
    caches: [{ cache: 'shop', l1Hits: 540, l2Hits: 30, misses: 30, loads: 30, sets: 0, p50Ms: 12 }],
    groups: Array.from({ length: 30 }, (_, i) => ({
      ...{ cache: 'shop', group: `Products.find${i}(*)`, hits: 9, misses: 1, loads: 90 - i },
      ...{ loadErrors: i, loadMs: 900, hitRatio: 0.9 },
    })),
    topKeys: [{ cache: 'shop', namespaces: ['http'], key: 'evil\u001b[2Jkey', reads: 300, share: 0.5 }],
  };
  const all = Array.from({ length: instances }, (_, i) =>
    instanceSample(sample, { id: `i${i}`, name: `host-${i}:1`, at, startedAt: at - 600_000 }),
  );
  return fleetOf(await Promise.all(all), at);
}

const state = (given: Partial<TopState>): TopState => ({
  ...{ fleet: undefined, window: '1m', address: '127.0.0.1:6379', prefix: 'shop', problem: undefined },
  ...{ isLive: true, ...given },
});

const widthOf = (line: string): number => [...line].length;

describe('the lines of top', () => {
  it('show each instance, the caches, the groups, the keys and the sum', async () => {
    const lines = topLines(state({ fleet: await fleet() }), { columns: 120, rows: 60 }, plain);
    const text = lines.join('\n');
    expect(lines[0]).toMatch(/127\.0\.0\.1:6379 +prefix shop +window \[1m\] 5m 1h 24h/);
    // 1200 reads of two instances in a minute: 95 % hits, one load each second.
    expect(lines[1]).toMatch(/^2 up +hits 95\.0 % +20 ops\/s +1 loads\/s/);
    expect(text).toMatch(/host-0:1 +up +10 +95\.0 % +90\.0 % +5\.0 % +0\.5 +12 /);
    expect(text).toMatch(/shop +up +20 +95\.0 %/);
    expect(text).toMatch(/Products\.find0\(\*\) +shop +180 +0 +90\.0 % +10/);
    expect(text).toMatch(/evil.\[2Jkey +shop +600 +50\.0 %/);
    expect(text).not.toContain('\u001b');
    expect(lines[1]).toMatch(/[▁-█]$/);
    expect(lines.at(-1)).toMatch(/^q quit/);
  });

  it.each([
    [80, 24, 3],
    [80, 24, 60],
    [200, 50, 3],
    [40, 10, 3],
    [20, 3, 1],
  ])('fit %d x %d characters with %d instances', async (columns, rows, instances) => {
    const size = { columns, rows };
    const lines = topLines(state({ fleet: await fleet(instances) }), size, plain);
    expect(lines.length).toBeLessThanOrEqual(rows);
    if (columns >= 80) expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    if (rows >= 24) {
      const text = lines.join('\n');
      for (const head of ['INSTANCE', 'CACHE', 'GROUP', 'KEY']) expect(text).toContain(head);
      expect(lines.at(-1)).toMatch(/^q quit/);
    }
  });

  it('mark what is estimated, and say by which rule', async () => {
    const lines = topLines(state({ fleet: await fleet() }), { columns: 80, rows: 40 }, plain);
    const text = lines.join('\n');
    expect(text).toMatch(/GROUP, MOST LOADS +CACHE +LOADS +FAILED +~HITS +LOAD MS/);
    expect(text).toMatch(/KEY, MOST READS +CACHE +~READS +~OF ALL/);
    expect(lines.at(-2)).toBe('~ estimated: one L1 hit in 128 is counted; - is too few reads to tell');
    expect(text).not.toContain('No calls in this window');
  });

  it('say when figures come, while there are none', async () => {
    const sample = await instanceSample({ caches: [{ cache: 'shop' }] }, { id: 'new', name: 'new', at });
    const lines = topLines(
      state({ fleet: fleetOf([sample], at), isLive: false }),
      { columns: 80, rows: 24 },
      plain,
    );
    expect(lines[2]).toBe('No calls in this window yet: instances publish every 5 s by default.');
    expect(lines.join('\n')).not.toContain('~');
  });

  it('colour the health', async () => {
    const sample = await fleet(1);
    const [one] = sample.instances;
    const down = one!.caches.map((cache) => ({ ...cache, health: { status: 'down' as const, tiers: {} } }));
    const lines = topLines(
      state({ fleet: fleetOf([{ ...one!, caches: down }], at) }),
      { columns: 100, rows: 24 },
      coloured,
    );
    expect(lines.join('\n')).toContain('\u001b[31mdown');
    expect(topLines(state({ fleet: sample }), { columns: 100, rows: 24 }, coloured).join('\n')).toContain(
      '\u001b[32mup',
    );
  });

  it('keep the last numbers while Redis is unavailable, and say so', async () => {
    const problem = 'Trying again: Redis connection failed (127.0.0.1:6379)';
    const lines = topLines(state({ fleet: await fleet(), problem }), { columns: 80, rows: 24 }, plain);
    expect(lines[1]).toBe(problem);
    expect(lines.join('\n')).toContain('host-0:1');
  });

  it('say what is wrong before there are numbers', () => {
    const lines = topLines(state({ problem: 'No instance publishes' }), { columns: 80, rows: 24 }, plain);
    expect(lines.slice(1)).toEqual(['No instance publishes', 'q quit   1 2 3 4 or ← → window']);
  });
});

describe('the rows of the tables', () => {
  it.each([
    [[2, 1, 30, 5], 18, [2, 1, 4, 4]],
    [[1, 1], 100, [1, 1]],
    [[60, 3], 6, [2, 1]],
    [[5], 1, [0]],
  ])('%j in %d lines: %j', (lengths, space, expected) => {
    expect(rowsFor(lengths, space)).toEqual(expected);
  });
});
