import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from '@jest/globals';

import { cacheConfigSchema, cacheEnvironmentSchema } from './config-schema.js';
import { configOptions } from './options.js';
import { presetNames } from './preset-names.js';

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(cacheConfigSchema);

const key = Buffer.alloc(32).toString('base64');
const fine: readonly object[] = [
  {},
  ...presetNames.map((preset) => ({ preset })),
  { preset: 'prod', redisUrl: 'rediss://user:pass@host:6380/2' },
  { redis: { host: 'h', port: 1, db: 0, tls: true } },
  { redis: { sentinels: [{ host: 'h', port: 26379 }], sentinelName: 'm' } },
  { defaultTtl: 0, grace: 0, jitter: 0, commandTimeout: '1ms', l1Ttl: 1 },
  { defaultTtl: '5m', operationTtls: { summarize: '2h' } },
  { l1MaxBytes: '256mb' },
  { l1MaxBytes: 1 },
  { memoryBudget: '25%' },
  { memoryBudget: '1gb' },
  { advanced: {} },
  { advanced: { leaseDuration: '0.5s', journalHorizon: 0, clock: { now: () => 0 } } },
  { encryption: { keys: [{ id: 'a', key }] } },
  { operationTtls: { summarize: 60, translate: 0 }, textHashThreshold: 0 },
  { logger: console, onOperation: () => undefined, monitor: {} },
];
const wrong: readonly (readonly [string, object])[] = [
  ['tll', { tll: 1 }],
  ['preset', { preset: 'fast' }],
  ['redisUrl', { redisUrl: 'http://host' }],
  ['redis', { redis: 'host' }],
  ['redis', { redisUrl: 'redis://a', redis: { host: 'b' } }],
  ['redis.port', { redis: { port: 0 } }],
  ['redis.nodes', { redis: { nodes: [] } }],
  ['defaultTtl', { defaultTtl: '60' }],
  ['defaultTtl', { defaultTtl: '5 minutes' }],
  ['defaultTtl', { defaultTtl: -1 }],
  ['defaultTtl', { defaultTtl: 366 * 86_400 }],
  ['grace', { grace: 'long' }],
  ['jitter', { jitter: 2 }],
  ['commandTimeout', { commandTimeout: 0 }],
  ['commandTimeout', { commandTimeout: '0ms' }],
  ['l1CacheSize', { l1CacheSize: 0 }],
  ['l1MaxBytes', { l1MaxBytes: 0 }],
  ['memoryBudget', { memoryBudget: 0.25 }],
  ['memoryBudget', { memoryBudget: '0%' }],
  ['l1MaxBytes', { l1MaxBytes: '0mb' }],
  ['l1MaxBytes', { l1MaxBytes: '256 MB' }],
  ['compressionLevel', { compressionLevel: 9 }],
  ['advanced', { advanced: 9 }],
  ['advanced.compressionLevel', { advanced: { compressionLevel: 20 } }],
  ['advanced.defaultTtl', { advanced: { defaultTtl: 60 } }],
  ['onError', { onError: 'ignore' }],
  ['encryption.keys', { encryption: { keys: [] } }],
  ['operationTtls.test', { operationTtls: { test: -1 } }],
  ['operationTtls.test', { operationTtls: { test: '1w' } }],
  ['operationTtls', { operationTtls: { '': 60 } }],
  ['enabled', { enabled: 'yes' }],
  ['name', { name: '' }],
];

describe('cacheConfigSchema', () => {
  it('has every option', () => {
    expect(Object.keys(cacheConfigSchema['properties'] as object).sort()).toEqual(
      Object.keys(configOptions).sort(),
    );
  });

  it.each(fine.map((options) => [options]))(
    'accepts %j, as JSON Schema and as Standard Schema',
    (options) => {
      expect(validate(options) ? [] : validate.errors).toEqual([]);
      expect(cacheConfigSchema['~standard'].validate(options)).toEqual({ value: options });
    },
  );

  it('refuses, as Standard Schema, options that contradict each other', () => {
    const options = { compressionAlgorithm: 'brotli', advanced: { compressionLevel: 12 } };
    expect(cacheConfigSchema['~standard'].validate(options).issues).toEqual([
      { path: ['advanced', 'compressionLevel'], message: expect.stringContaining('from 0 to 11') },
    ]);
  });

  it.each(wrong)('refuses a wrong %s, as JSON Schema and as Standard Schema: %j', (path, options) => {
    expect(validate(options)).toBe(false);
    const { issues } = cacheConfigSchema['~standard'].validate(options);
    expect(issues?.map((issue) => issue.path.join('.'))).toContain(path);
  });
});

describe('cacheEnvironmentSchema', () => {
  it('accepts variables that the library does not read, and valid ones that it reads', () => {
    const env = { PATH: '/bin', CACHE_TTL: '60', CACHE_SIZE: '' };
    expect(cacheEnvironmentSchema['~standard'].validate(env)).toEqual({ value: env });
  });

  it('refuses wrong variables by name, without secrets', () => {
    const { issues } = cacheEnvironmentSchema['~standard'].validate({
      CACHE_TTL: 'long',
      REDIS_URL: 'http://user:s3cret@host',
    });
    expect(issues?.map(({ path }) => path.join('.')).sort()).toEqual(['CACHE_TTL', 'REDIS_URL']);
    expect(JSON.stringify(issues)).not.toContain('s3cret');
  });
});
