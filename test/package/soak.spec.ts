import { importTool, readText } from '../support/repository.js';

interface Table {
  limits: Record<string, number>;
  least: Record<string, number>;
  meanings: Record<string, string>;
  judge(measured: Record<string, number>): { what: string; holds: boolean }[];
  tableOf(rows: { what: string; holds: boolean }[]): string;
}

interface Result {
  readonly seconds: number;
  readonly measured: Record<string, number>;
}

interface Page {
  page: string;
  pageOf(result: object): Promise<string>;
  resultOf(text: string): Result;
}

const { judge, least, limits, meanings, tableOf } = await importTool<Table>('test/soak/table.mjs');
const { faults } = await importTool<{ faults: { name: string }[] }>('test/soak/schedule.mjs');
const { page, pageOf, resultOf } = await importTool<Page>('test/soak/page.mjs');
const atLimit = { ...least, ...limits };

describe('the verdict of a soak', () => {
  it('holds at every limit', () => {
    expect(judge(atLimit).filter(({ holds }) => !holds)).toEqual([]);
  });

  it.each(Object.keys(limits))('is broken by one more: %s', (what) => {
    const rows = judge({ ...atLimit, [what]: (limits[what] ?? 0) + 1 });

    expect(rows.filter(({ holds }) => !holds).map((row) => row.what)).toEqual([what]);
    expect(tableOf(rows)).toMatch(new RegExp(`^\\| ${what} .* BROKEN \\|$`, 'm'));
  });

  it.each(Object.keys(least))('is broken by one less, for then a limit means nothing: %s', (what) => {
    const rows = judge({ ...atLimit, [what]: (least[what] ?? 0) - 1 });

    expect(rows.filter(({ holds }) => !holds).map((row) => row.what)).toEqual([what]);
  });

  it('is refused when something was not measured', () => {
    const { 'stale reads': _unmeasured, ...rest } = atLimit;
    expect(() => judge(rest)).toThrow('not measured: stale reads');
  });
});

describe('the page of a soak', () => {
  const result = {
    date: '2026-01-31',
    seconds: 3605,
    environment: {
      ...{ library: '1.2.3', node: 'v20.0.0', redis: '7.0.0' },
      ...{ platform: 'linux x64', processor: '2 × CPU', memory: '8.0 GiB' },
    },
    load: { l1CacheSize: 500, products: 40, questions: 60, ttl: '5s', verify: 0.2, verifyPerMinute: 600 },
    pauseMs: 4000,
    faults: faults.map(({ name }) => ({ name, times: 7, shortestMs: 500, longestMs: 12_345 })),
    heaps: [
      { atSeconds: 60, mb: [30, 31, 32] },
      { atSeconds: 3600, mb: [31.25, 31, 32] },
    ],
    handles: [1, 2, 3].map(() => ({ before: 1, after: 1 })),
    truth: { verified: 2000, untrue: 0, inconclusive: 3, skipped: 4 },
    ...{ longestCallMs: 251.3, recoveryMs: 12 },
    measured: { ...atLimit, calls: 123_456, 'heap growth, MB': 1.25 },
  };

  it('says what ran, how long, and that the limits held', async () => {
    const text = await pageOf(result);
    expect(text).toContain('for 60 minutes, while 28 faults struck it');
    expect(text).toContain(`All ${Object.keys(atLimit).length} limits held: of 123,456 calls none failed`);
    expect(text).toMatch(/^\| calls +\| 123,456 +\| at least 1000 +\| holds +\|/m);
    expect(text).toMatch(/^\| stopped .* \| 7 +\| 0\.5 +\| 12\.3 +\|$/m);
  });

  it('says first which limits are broken', async () => {
    const text = await pageOf({ ...result, measured: { ...result.measured, 'stale reads': 2 } });
    expect(text).toContain('struck it. Broken: stale reads.');
    expect(text).toMatch(/^\| stale reads +\| 2 +\| at most 0 +\| BROKEN +\|/m);
  });

  it('explains every figure', () => {
    expect(Object.keys(meanings)).toEqual(Object.keys(atLimit));
  });

  it('keeps its result, of which the same page can be made again', async () => {
    expect(resultOf(await pageOf(result))).toEqual(result);
  });

  it('is refused without a result', () => {
    expect(() => resultOf('# Soak')).toThrow('docs/soak.md has no result: run WRITE=1 make soak');
  });
});

describe('docs/soak.md', () => {
  it('is the page of its result, to the letter', async () => {
    const text = await readText(page);
    expect(text).toBe(await pageOf(resultOf(text)));
  });

  it('is of a run of at least ten minutes that held every limit', async () => {
    const { seconds, measured } = resultOf(await readText(page));
    expect(seconds).toBeGreaterThanOrEqual(3600);
    expect(judge(measured).filter(({ holds }) => !holds)).toEqual([]);
  });
});

describe('a soak', () => {
  it('hangs, fails over, fills, stops and restarts Redis', () => {
    const names = faults.map(({ name }) => name).join('; ');
    for (const word of ['hung', 'failed over', 'filled', 'stopped', 'restarted'])
      expect(names).toContain(word);
  });
});
