import type { Ttl } from '../../base/duration.js';
import { ValidationError } from '../../base/errors.js';
import type { TtlPolicy } from './ttl-policy.js';
import { decideTtl, ttlOption } from './ttl-policy.js';

const policy: TtlPolicy = {
  defaultTtl: 3600,
  operationTtls: { sentiment: 60, forever: 0, translate: '1.5s' },
  maxTtl: undefined,
  jitter: 0,
};

describe('the ttl of an AI answer', () => {
  it.each([
    ['the default', 'summarize', undefined, undefined, 3_600_000, 'default', false],
    ['the operation', 'sentiment', undefined, undefined, 60_000, 'operation', false],
    ['the operation, with a unit', 'translate', undefined, undefined, 1500, 'operation', false],
    ['the call, before the operation', 'sentiment', '5m', undefined, 300_000, 'call', false],
    ['the call, also when it says never', 'sentiment', 0, undefined, 0, 'call', false],
    ['an operation that never expires', 'forever', undefined, undefined, 0, 'operation', false],
    ['at most maxTtl', 'summarize', '2h', 1800, 1_800_000, 'call', true],
    ['maxTtl instead of never', 'forever', undefined, 1800, 1_800_000, 'operation', true],
    ['at most maxTtl, with a unit', 'summarize', '2h', '30m', 1_800_000, 'call', true],
    ['below maxTtl as it is', 'sentiment', undefined, 1800, 60_000, 'operation', false],
    [
      'the default for an operation called constructor',
      'constructor',
      undefined,
      undefined,
      3_600_000,
      'default',
      false,
    ],
    [
      'the default for an operation called __proto__',
      '__proto__',
      undefined,
      undefined,
      3_600_000,
      'default',
      false,
    ],
  ] as const)('is %s', (_name, operation, ttl, maxTtl, ttlMs, source, capped) => {
    expect(decideTtl({ ...policy, maxTtl }, operation, 'k', ttl)).toEqual({
      ttlMs,
      source,
      capped,
      jitterMs: 0,
    });
  });

  it.each([[-1], [1.5], ['soon'], ['366d']])('refuses %j', (ttl) => {
    expect(() => decideTtl(policy, 'summarize', 'k', ttl as Ttl)).toThrow(ValidationError);
  });

  it('is shortened by jitter, the same for the same key', () => {
    const jittered = { ...policy, jitter: 0.1 };
    const lives = Array.from(
      { length: 200 },
      (_, i) => decideTtl(jittered, 'summarize', `k${i}`, undefined).ttlMs,
    );

    expect(decideTtl(jittered, 'summarize', 'k0', undefined).ttlMs).toBe(lives[0]);
    expect(Math.max(...lives)).toBeLessThanOrEqual(3_600_000);
    expect(Math.min(...lives)).toBeGreaterThan(3_240_000 - 1);
    expect(new Set(lives).size).toBeGreaterThan(190);
  });

  it('reports by how much jitter shortened it', () => {
    const { ttlMs, jitterMs } = decideTtl({ ...policy, jitter: 0.5 }, 'summarize', 'k', undefined);

    expect(ttlMs + jitterMs).toBe(3_600_000);
    expect(jitterMs).toBeGreaterThan(0);
  });

  it('stays finite with jitter, and stays 0 if it is 0', () => {
    const jittered = { ...policy, jitter: 1 };

    expect(decideTtl(jittered, 'summarize', 'k', '1ms').ttlMs).toBe(1);
    expect(decideTtl(jittered, 'forever', 'k', undefined)).toMatchObject({ ttlMs: 0, jitterMs: 0 });
  });

  it.each([
    [0, 0],
    [60_000, 60],
    [1500, '1500ms'],
  ])('%d ms is the option %j', (ms, option) => {
    expect(ttlOption(ms)).toBe(option);
  });
});
