import { describe, expect, it } from '@jest/globals';

import { redisForSuite } from '../support/redis.js';
import { runVitest } from '../vitest/run-vitest.js';

const { url, prefix } = redisForSuite();

/** Of @keyv/test-suite 2.1.2: 22 of the API, 13 of values, 3 of namespaces, 4 of the iterator. */
const testsOfKeyv5 = 22 + 13 + 3 + 4;
/** The part of the API asks for the `deleteMany` of Keyv 5. */
const testsOfKeyv6 = 13 + 3 + 4;
const homesOfTheCache = 3;

describe('@keyv/test-suite (issue: shown by 2)', () => {
  it('passes, with Keyv 5 and Keyv 6: in memory, on Redis with an L1, on Redis without an L1', async () => {
    const report = await runVitest('keyv-suite', { TEST_REDIS_URL: url, TEST_KEY_PREFIX: prefix });

    expect(report).toMatchObject({ numFailedTests: 0, numPendingTests: 0 });
    expect(report.numPassedTests).toBe(homesOfTheCache * (testsOfKeyv5 + testsOfKeyv6));
  }, 120_000);
});
