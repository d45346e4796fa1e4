import { configOptionSet, testingOptionSet, webAppOptionSet } from './options.js';
import { presetNames, type PresetName } from './preset-names.js';
import { presets } from './presets.js';
import { resolveOptions } from './resolve.js';

const url = 'redis://cache.example.org:6379';
const web = { subject: 'web', set: webAppOptionSet, home: 'memory' } as const;
const testing = { subject: 'testing', set: testingOptionSet, test: true, home: 'memory' } as const;
const config = { subject: 'config', set: configOptionSet, preset: true } as const;

describe('seed S11.139-143 each environment is a preset', () => {
  it.each([
    ['development', { defaultTtl: 300, l1CacheSize: 100, failOnConnectionError: false }, 'memory'],
    ['testing', { defaultTtl: 60, l1CacheSize: 50 }, 'memory'],
    ['staging', { defaultTtl: 1800, l1CacheSize: 500, enableL1Cache: true }, 'redis'],
    [
      'production',
      { defaultTtl: 3600, l1CacheSize: 1000, enableL1Cache: true, compressionThreshold: 1000 },
      'redis',
    ],
    ['disabled', { enabled: false }, 'memory'],
    ['ai-development', { defaultTtl: 1800, l1CacheSize: 100 }, 'memory'],
    ['ai-production', { defaultTtl: 14_400, l1CacheSize: 1000, enableL1Cache: true }, 'redis'],
  ] as const)('%s', (preset, values, home) => {
    const env = home === 'redis' ? { REDIS_URL: url } : {};
    const resolved = resolveOptions(config, { preset }, env);
    expect(resolved.options).toMatchObject(values);
    expect(resolved.home).toBe(home);
  });

  it('every preset is valid', () => {
    for (const preset of presetNames) {
      expect(() => resolveOptions(config, { ...presets[preset], redisUrl: url }, {})).not.toThrow();
    }
  });

  it('an unknown name is refused', () => {
    const preset = 'producton' as PresetName;
    expect(() => resolveOptions(config, { preset, useMemoryCache: true }, {})).toThrow(
      "did you mean 'production'?",
    );
  });
});

describe('seed S11.150 explicit over implicit, and awareness of the environment', () => {
  it('option, environment, preset, default: each option by itself', () => {
    const env = { CACHE_PRESET: 'production', CACHE_SIZE: '77', CACHE_TTL: '88', REDIS_URL: url };
    const { options } = resolveOptions(config, { defaultTtl: 99 }, env);
    expect(options).toMatchObject({
      defaultTtl: 99, // option
      l1CacheSize: 77, // environment
      compressionThreshold: 1000, // preset
      textHashThreshold: 500, // default
    });
  });

  it('the preset given in code wins over CACHE_PRESET', () => {
    const { options } = resolveOptions(config, { preset: 'testing' }, { CACHE_PRESET: 'production' });
    expect(options.defaultTtl).toBe(60);
  });

  it('the environment applies to the factory methods, its preset does not', () => {
    const { options } = resolveOptions(web, {}, { CACHE_PRESET: 'production', CACHE_SIZE: '5' });
    expect(options).toMatchObject({ defaultTtl: 1800, l1CacheSize: 5 });
  });

  it('undefined counts as absent', () => {
    const { options } = resolveOptions(web, { defaultTtl: undefined }, { CACHE_TTL: '5' });
    expect(options.defaultTtl).toBe(5);
  });

  it('advanced options are merged with their defaults, and each has a source', () => {
    const { options, sources } = resolveOptions(web, { advanced: { breakerThreshold: 5 } }, {});
    expect(options.advanced).toMatchObject({ breakerThreshold: 5, leaseDuration: '5s' });
    expect(sources).toMatchObject({
      'advanced.breakerThreshold': 'code',
      'advanced.leaseDuration': 'default',
    });
    expect(sources).not.toHaveProperty('advanced');
  });

  it('the environment can switch monitoring off', () => {
    expect(resolveOptions(web, {}, { CACHE_MONITORING_ENABLED: 'false' }).monitoring).toBe(false);
  });
});

describe('the choice between memory and Redis', () => {
  it.each([
    ['REDIS_URL says Redis', {}, { REDIS_URL: url }, 'redis'],
    ['useMemoryCache beats REDIS_URL', { useMemoryCache: true }, { REDIS_URL: url }, 'memory'],
    ['useMemoryCache beats redisUrl', { useMemoryCache: true, redisUrl: url }, {}, 'memory'],
    ['redis details say Redis', { redis: { host: 'h' } }, {}, 'redis'],
    ['a disabled cache needs no Redis', { enabled: false, redisUrl: url }, {}, 'memory'],
    ['nothing said is memory', {}, {}, 'memory'],
  ] as const)('%s', (_, given, env, home) => {
    expect(resolveOptions(web, given, env).home).toBe(home);
  });

  it('REDIS_URL beats a preset that says memory', () => {
    expect(resolveOptions(config, { preset: 'development' }, { REDIS_URL: url }).home).toBe('redis');
  });

  it('CACHE_PRESET alone decides for configuration without an address', () => {
    expect(resolveOptions(config, {}, { CACHE_PRESET: 'development' }).home).toBe('memory');
  });

  it('seed S10.118 a configuration without an address fails, together with every other problem', () => {
    expect(() => resolveOptions(config, {}, {})).toThrow('redisUrl is required');
    expect(() => resolveOptions(config, { preset: 'production' }, {})).toThrow('redisUrl is required');
    expect(() => resolveOptions(config, { defaultTtl: -1 }, { CACHE_SIZE: 'x' })).toThrow(
      /redisUrl is required.*CACHE_SIZE must be.*defaultTtl must be non-negative/,
    );
  });

  it('a wrong address is reported as wrong, not also as missing', () => {
    expect(() => resolveOptions(config, {}, { REDIS_URL: 'redis://' })).toThrow(
      /^config: REDIS_URL must include host information, got "redis:\/\/\*\*\*"$/,
    );
  });

  it('useMemoryCache: false requires Redis', () => {
    expect(() => resolveOptions(web, { useMemoryCache: false }, {})).toThrow('redisUrl is required');
    expect(resolveOptions(web, { useMemoryCache: false }, { REDIS_URL: url }).home).toBe('redis');
  });

  it('two addresses are refused', () => {
    expect(() => resolveOptions(web, { redisUrl: url, redis: { host: 'h' } }, {})).toThrow(
      'redis cannot be combined with redisUrl',
    );
  });

  it('redis options in code take precedence over REDIS_URL', () => {
    const { options } = resolveOptions(web, { redis: { host: 'h' } }, { REDIS_URL: url });
    expect(options.redisUrl).toBeUndefined();
  });
});

describe('seed S8.105 REDIS_TEST_DB', () => {
  const env = { REDIS_URL: `${url}/3?family=6`, REDIS_TEST_DB: '9' };

  it('gives test caches their own database', () => {
    expect(resolveOptions(testing, {}, env).options.redisUrl).toBe(`${url}/9?family=6`);
    expect(resolveOptions(testing, { redisUrl: url }, env).options.redisUrl).toBe(`${url}/9`);
    expect(resolveOptions(config, { preset: 'testing' }, env).options.redisUrl).toBe(`${url}/9?family=6`);
    expect(resolveOptions(testing, { redis: { host: 'h' } }, env).options.redis).toEqual({
      host: 'h',
      db: 9,
    });
  });

  it('does not override the database that the code names', () => {
    expect(resolveOptions(testing, { redisUrl: `${url}/15` }, env).options.redisUrl).toBe(`${url}/15`);
    expect(resolveOptions(testing, { redis: { host: 'h', db: 1 } }, env).options.redis).toEqual({
      host: 'h',
      db: 1,
    });
    expect(resolveOptions(testing, { redis: { url: `${url}/2` } }, env).options.redis).toEqual({
      url: `${url}/2`,
    });
  });

  it('brings REDIS_URL to a recipe that spares the application, whose Redis REDIS_URL alone is', () => {
    const alone = { REDIS_URL: url };
    const sparing = { ...testing, sparesApplication: true };
    expect(resolveOptions(testing, {}, alone).home).toBe('redis');
    expect(resolveOptions(sparing, {}, alone).home).toBe('memory');
    expect(resolveOptions(sparing, {}, alone).options.redisUrl).toBeUndefined();
    expect(resolveOptions(sparing, { redisUrl: url }, alone).home).toBe('redis');
    expect(resolveOptions(sparing, { redis: { host: 'h' } }, alone).home).toBe('redis');
    expect(resolveOptions(sparing, {}, env).home).toBe('redis');
    expect(resolveOptions(sparing, { useMemoryCache: false }, alone).home).toBe('redis');
  });

  it('is for tests only', () => {
    expect(resolveOptions(web, {}, env).options.redisUrl).toBe(`${url}/3?family=6`);
  });
});

it('variables and options that contradict each other are refused together', () => {
  const env = { REDIS_URL: url, CACHE_COMPRESSION_ALGORITHM: 'brotli' };
  expect(() => resolveOptions(config, { advanced: { compressionLevel: 12 } }, env)).toThrow(
    "advanced.compressionLevel must be an integer from 0 to 11 with compressionAlgorithm 'brotli', got 12",
  );
});

describe("format: 'json'", () => {
  const env = {
    REDIS_URL: url,
    ENABLE_CACHE_COMPRESSION: 'true',
    CACHE_COMPRESSION_THRESHOLD: '500',
    CACHE_COMPRESSION_ALGORITHM: 'brotli',
  };

  it('leaves out the compression of variables, presets and defaults, which is that of other caches', () => {
    const { options } = resolveOptions(config, { format: 'json', preset: 'production' }, env);
    expect(options.format).toBe('json');
    expect(Object.keys(options).filter((name) => /compression/i.test(name))).toEqual([]);
  });

  it('refuses keys of a variable: values would be readable that are to be encrypted', () => {
    const key = Buffer.alloc(32, 1).toString('base64');
    expect(() =>
      resolveOptions(config, { format: 'json' }, { REDIS_URL: url, CACHE_ENCRYPTION_KEYS: `a:${key}` }),
    ).toThrow("encryption cannot be combined with format 'json'");
  });
});
