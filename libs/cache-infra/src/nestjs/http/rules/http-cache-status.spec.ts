import { describe, expect, it } from '@jest/globals';

import { hitStatus, httpCacheStatus } from './http-cache-status.js';
import { primaryKey } from './http-primary-key.js';

describe('Cache-Status (RFC 9211)', () => {
  it.each([
    [{}, 'hit'],
    [{ ttl: -4.5 }, 'hit; ttl=-5'],
    [{ fwd: 'uri-miss', stored: true, ttl: 60 }, 'fwd=uri-miss; stored; ttl=60'],
    [{ fwd: 'vary-miss', collapsed: true }, 'fwd=vary-miss; collapsed'],
    [
      { fwd: 'stale', fwdStatus: 503, detail: 'stale-if-error' },
      'fwd=stale; fwd-status=503; detail=stale-if-error',
    ],
  ] as const)('%j', (handling, expected) => {
    expect(httpCacheStatus(handling)).toBe(`nestjs-cache-infra-http; ${expected}`);
  });

  it('shows a digest of the key', () => {
    const { digest } = primaryKey('GET /?token=secret');
    expect(httpCacheStatus({ key: digest })).toMatch(/; key="[\w-]{16}"$/);
    expect(hitStatus(1.5, digest)).toBe(httpCacheStatus({ ttl: 1.5, key: digest }));
  });
});
