import type { CacheBenchmarkRunner } from '../benchmarks/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Output } from './output.js';

/** Allowed share of comparisons of identical caches that report a regression, 0-1. */
const allowedShare = 0.01;
const maxSize = 1000;

/**
 * Repeatedly compares two identical caches, so that every reported regression is noise. Resolves to the exit code.
 */
export async function selfCheck(
  repetitions: number,
  runner: CacheBenchmarkRunner,
  output: Output,
): Promise<number> {
  const changes: number[] = [];
  let flagged = 0;
  for (let repetition = 0; repetition < repetitions; repetition++) {
    await using original = new InMemoryCache({ maxSize });
    await using other = new InMemoryCache({ maxSize });
    const comparison = await runner.runCacheComparison({
      originalCache: original,
      newCache: other,
      testSuiteName: `self-check ${repetition + 1} of ${repetitions}`,
    });
    changes.push(Math.abs(comparison.performanceChangePercent));
    if (comparison.regressionDetected) flagged++;
  }
  const { regressionWarningPercent } = runner.config.thresholds;
  const largest = Math.max(...changes).toFixed(1);
  output.out(`${flagged} of ${repetitions} comparisons of two identical caches reported a regression`);
  output.out(
    `Largest change ${largest} %, threshold ${regressionWarningPercent} %, allowed: under 1 % of the comparisons`,
  );
  return flagged / repetitions < allowedShare ? 0 : 1;
}
