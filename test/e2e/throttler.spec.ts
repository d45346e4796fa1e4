import { describe, expect, it } from '@jest/globals';

import { redisForSuite } from '../support/redis.js';
import { runVitest } from '../vitest/run-vitest.js';

const { url, prefix } = redisForSuite();

// @nestjs/throttler is CommonJS and requires @nestjs/common, an ES module since NestJS 12. Node does so, Jest cannot.
describe('nestjs-cache-infra/throttler with @nestjs/throttler', () => {
  it('counts as the storage of the package, and limits applications on Express and Fastify', async () => {
    const report = await runVitest('throttler', { TEST_REDIS_URL: url, TEST_KEY_PREFIX: prefix });

    expect(report).toMatchObject({ numPassedTests: 4 + 2 * 3, numFailedTests: 0, numPendingTests: 0 });
  }, 120_000);
});
