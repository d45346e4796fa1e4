import { describe, expect, it } from '@jest/globals';

import { runVitest } from '../vitest/run-vitest.js';

describe('nestjs-cache-infra/testing', () => {
  it('works with Vitest', async () => {
    const report = await runVitest('testing-entry');

    expect(report).toMatchObject({ numPassedTests: 4, numFailedTests: 0, numPendingTests: 0 });
  }, 120_000);
});

describe('T85: a service under Vitest', () => {
  it('T85: is injected by the types of its constructor, since Vitest 4', async () => {
    const report = await runVitest('decorator-metadata');

    expect(report).toMatchObject({ numPassedTests: 1, numFailedTests: 0 });
  }, 120_000);
});
