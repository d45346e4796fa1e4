import type { CacheComparison, CacheComparisonOptions } from './cache-comparison.js';
import { ComparisonRun } from './comparison-run.js';
import type { ExecutionOptions } from './execution.js';
import { TimeIsOver } from './measurement.js';
import { withinLimit } from './time-limit.js';

/** Time limit of the clean-up, for caches that hang. */
const cleanUpLimitMs = 5000;

/**
 * Compares the read-through time of two caches, on keys of Zipf popularity. A round runs original, new, new, original
 * on the same keys, so that order has no effect and slow phases of the machine slow down both caches.
 */
export async function compareCaches(
  options: CacheComparisonOptions,
  context: ExecutionOptions,
): Promise<CacheComparison> {
  const run = new ComparisonRun(options, context);
  let timedOut = false;
  const stop = () => {
    timedOut = true;
    run.stop();
  };
  try {
    await withinLimit(context.config.timeoutSeconds * 1000, stop, run.run());
  } catch (error) {
    if (!(error instanceof TimeIsOver)) throw error;
    timedOut = true;
  } finally {
    await withinLimit(cleanUpLimitMs, () => undefined, run.cleanUp());
  }
  return run.result(timedOut);
}
