import { describe, expect, it } from '@jest/globals';

import { redisForSuite } from '../support/redis.js';
import { runVitest } from '../vitest/run-vitest.js';

const { url, prefix } = redisForSuite();

/** Of @keyv/test-suite 2.1.2: 22 of the API, 13 of values, 3 of namespaces. */
const testsOfTheSuite = 38;

describe('@keyv/test-suite (issue: shown by 2)', () => {
  it('passes completely: in memory, on Redis with an L1, on Redis without an L1', async () => {
    const report = await runVitest('keyv-suite', { TEST_REDIS_URL: url, TEST_KEY_PREFIX: prefix });

    expect(report).toMatchObject({ numFailedTests: 0, numPendingTests: 0 });
    expect(report.numPassedTests).toBe(3 * testsOfTheSuite);
  }, 120_000);
});
