import { describe, expect, it } from '@jest/globals';

import { runVitest } from '../vitest/run-vitest.js';

describe('nestjs-cache-infra/testing', () => {
  it('works with Vitest', async () => {
    const report = await runVitest('testing-entry');

    expect(report).toMatchObject({ numPassedTests: 4, numFailedTests: 0, numPendingTests: 0 });
  }, 120_000);
});
