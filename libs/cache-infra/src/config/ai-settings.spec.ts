import { aiSettings } from './ai-settings.js';

describe('aiSettings', () => {
  it('has defaults', () => {
    expect(aiSettings({}, {})).toEqual({ defaultTtl: 3600, operationTtls: {}, textHashThreshold: 500 });
  });

  it('reads options, environment and preset', () => {
    const env = { CACHE_TTL: '9', REDIS_URL: 'redis://localhost' };
    expect(aiSettings({ operationTtls: { summarize: 7200 }, textHashThreshold: 0 }, env)).toEqual({
      defaultTtl: 9,
      operationTtls: { summarize: 7200 },
      textHashThreshold: 0,
    });
    expect(aiSettings({ preset: 'ai-production' }, { REDIS_URL: 'redis://localhost' }).defaultTtl).toBe(
      14_400,
    );
  });

  it('gives seconds, whatever the unit of the options', () => {
    const given = { defaultTtl: '5m', operationTtls: { summarize: '2h', probe: '250ms' } } as const;
    expect(aiSettings(given, {})).toMatchObject({
      defaultTtl: 300,
      operationTtls: { summarize: 7200, probe: 0.25 },
    });
  });

  it('seed S3.33 and S10.123 refuses invalid settings', () => {
    expect(() => aiSettings({ textHashThreshold: -1 }, {})).toThrow(
      'textHashThreshold must be a non-negative integer',
    );
  });
});
