import { cacheStatus } from './cache-status.js';

describe('Cache-Status (RFC 9211)', () => {
  it.each([
    ['default; hit; ttl=60', 'default', { outcome: 'hit', ttlSeconds: 60 }],
    ['default; hit', 'default', { outcome: 'hit' }],
    ['default; fwd=miss; stored; ttl=60', 'default', { outcome: 'miss', ttlSeconds: 60 }],
    ['default; fwd=miss; stored; collapsed; ttl=9', 'default', { outcome: 'collapsed', ttlSeconds: 9 }],
    ['default; fwd=request; stored', 'default', { outcome: 'refresh' }],
    ['default; fwd=bypass; detail=requested', 'default', { outcome: 'bypass', bypassed: 'requested' }],
    [
      'default; fwd=miss; detail=unfinished',
      'default',
      { outcome: 'miss', ttlSeconds: 9, bypassed: 'unfinished' },
    ],
    ['"1st \\"cache\\" ?"; hit', '1st "cache" ü', { outcome: 'hit' }],
    ['ai:eu-1; hit', 'ai:eu-1', { outcome: 'hit' }],
  ] as const)('%s', (member, cache, status) => {
    expect(cacheStatus(cache, status)).toBe(member);
  });
});
