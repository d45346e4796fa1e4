import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { root } from '../support/repository.js';

interface Report {
  /** Hit ratio of each tenth of the run. */
  readonly ratios: readonly number[];
  /** Estimated megabytes of each cache at the end. */
  readonly megabytes: readonly number[];
}

/** Caches values in a process whose heap is limited to 256 MB. Rejects if the process dies. */
async function cached(options: object): Promise<Report> {
  const child = join(root, 'test/performance/heap-limit-child.mjs');
  const args = ['--max-old-space-size=256', child, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 });
  return JSON.parse(stdout) as Report;
}

function expectStable({ ratios }: Report): void {
  // The first tenths fill the caches.
  const settled = ratios.slice(2);
  expect(Math.min(...settled)).toBeGreaterThan(0.3);
  expect(Math.max(...settled) - Math.min(...settled)).toBeLessThan(0.15);
}

describe('a process with a heap of 256 MB', () => {
  it('caches 10 GB of values within a memoryBudget, at a stable hit ratio', async () => {
    const report = await cached({ gigabytes: 10, memoryBudget: '25%' });
    expectStable(report);
    expect(report.megabytes.reduce((sum, own) => sum + own)).toBeLessThan(77);
  }, 300_000);

  it('lives with a memoryBudget as large as the heap: its L1s shrink before V8 fails', async () => {
    expectStable(await cached({ gigabytes: 2, memoryBudget: '100%' }));
  }, 300_000);

  it('lives with l1MaxBytes', async () => {
    const report = await cached({ gigabytes: 1, maxBytes: '40mb' });
    expectStable(report);
    for (const own of report.megabytes) expect(own).toBeLessThanOrEqual(40);
  }, 300_000);

  it('dies without a bound', async () => {
    await expect(cached({ gigabytes: 2 })).rejects.toThrow('heap out of memory');
  }, 300_000);
});
