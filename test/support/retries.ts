import { jest } from '@jest/globals';

/** `REDIS_RETRIES=2` repeats a failed test twice. A test that needs it is wrong, so it is off by default. */
const retries = Number(process.env['REDIS_RETRIES'] ?? 0);
if (retries > 0) jest.retryTimes(retries, { logErrorsBeforeRetry: true });
