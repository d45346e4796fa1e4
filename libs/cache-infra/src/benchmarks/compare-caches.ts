import type { CacheComparison, CacheComparisonOptions } from './cache-comparison.js';
import { ComparisonRun } from './comparison-run.js';
import type { ExecutionOptions } from './execution.js';
import { TimeIsOver } from './measurement.js';
import { withinLimit } from './time-limit.js';

/** No tidying up takes longer, whatever became of the cache. */
const cleanUpLimitMs = 5000;

/**
 * Compares two caches by the time that reading through them takes, keys as popular as Zipf has it. A round runs original, new, new,
 * original, on the same keys: neither gains by its turn, and what slows the machine for a while slows both.
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
