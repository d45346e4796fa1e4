import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import type { RedisCacheOptions } from '../cache/contract/cache-options.js';
import { redisChecks } from '../cache/contract/option-checks.js';
import { checkOptions } from './check-options.js';
import {
  aiAppOptionSet,
  configOptions,
  configOptionSet,
  testingOptionSet,
  webAppOptionSet,
  type CommonCacheOptions,
  type OptionSet,
} from './options.js';

const encryptionKey = Buffer.alloc(32, 's').toString('base64');
/** By the methods of the factory that take them. */
const sets = {
  forWebApp: webAppOptionSet,
  forAiApp: aiAppOptionSet,
  forTesting: testingOptionSet,
  create: configOptionSet,
} as const satisfies Record<string, OptionSet<CommonCacheOptions>>;
type Way = keyof typeof sets;
const ways = Object.keys(sets) as Way[];

function messages(way: Way, given: unknown): string[] {
  return checkOptions<CommonCacheOptions>(sets[way], given).problems.map(({ message }) => message);
}

describe('defaults', () => {
  it.each([
    ['forWebApp', { defaultTtl: 1800, l1CacheSize: 200, compressionThreshold: 2000 }],
    ['forAiApp', { defaultTtl: 3600, l1CacheSize: 200, compressionThreshold: 1000, textHashThreshold: 500 }],
    ['forTesting', { defaultTtl: 60, l1CacheSize: 50 }],
    ['create', { defaultTtl: 3600, l1CacheSize: 100, compressionThreshold: 1000 }],
  ] as const)('of %s', (way, defaults) => {
    const { options, problems } = checkOptions<CommonCacheOptions>(sets[way], { defaultTtl: undefined });
    expect(problems).toEqual([]);
    expect(options).toMatchObject({ ...defaults, failOnConnectionError: false, enabled: true });
  });
});

describe('seed S11.145-147 the same configuration objects work for web, AI and testing', () => {
  it.each([
    [{ redisUrl: 'redis://localhost:6379', defaultTtl: 3600 }],
    [{ useMemoryCache: true, defaultTtl: 300 }],
    [{ redisUrl: 'redis://localhost:6379', enableL1Cache: true }],
    [
      {
        isolation: 'freeze',
        name: 'a',
        keyPrefix: 'b',
        commandTimeout: '1s',
        connectTimeout: 2,
        onError: 'throw',
      },
    ],
    [{ enableCompression: false, maxValueBytes: 1, enabled: false, logger: console }],
    [{ coherence: 'broadcast', advanced: { journalMaxEntries: 0, journalMaxBytes: 0, adviser: false } }],
    [
      {
        grace: '1h',
        jitter: 0.1,
        refreshAhead: 0.8,
        softTimeout: '50ms',
        hardTimeout: '2s',
        lock: true,
        l1Ttl: '10s',
        advanced: { graceBackoff: '1s', leaseDuration: '5s' },
      },
    ],
    [
      {
        advanced: { breakerThreshold: 1, breakerProbeInterval: '1s', compressionLevel: 9 },
        encryption: { keys: [{ id: 'a', key: encryptionKey }] },
      },
    ],
  ])('%j', (options) => {
    expect(ways.map((way) => messages(way, options))).toEqual(ways.map(() => []));
  });
});

describe('the options of a cache by configuration', () => {
  it('hold every option of the caches', () => {
    // A name that only RedisCacheOptions has would not be `never`.
    const missing: Exclude<keyof RedisCacheOptions, keyof CommonCacheOptions>[] = [] satisfies never[];
    const names = Object.keys(configOptions);
    expect(Object.keys(redisChecks).filter((name) => !names.includes(name))).toEqual(missing);
  });
});

describe('validation', () => {
  it('lists every problem at once, with its path', () => {
    const given = {
      redisUrl: 'redis://',
      redis: { port: 0, pasword: 'x' },
      defaultTtl: '3600',
      operationTtls: { test: -1 },
      isolation: 'frozen',
      onOperation: 'log',
    };
    expect(messages('forAiApp', given).sort()).toEqual([
      'defaultTtl must be an integer (seconds) or a duration with a unit (ms, s, m, h, d) such as "5m", got "3600"',
      "isolation must be one of 'clone', 'freeze', 'reference', got \"frozen\"",
      'onOperation must be a function, got "log"',
      'operationTtls.test must be a non-negative integer, got -1',
      "redis.pasword is not a known option (did you mean 'password'?)",
      'redis.port must be an integer from 1 to 65535, got 0',
      'redisUrl must include host information, got "redis://***"',
    ]);
  });

  it('of encryption keys shows none of them', () => {
    expect(
      messages('forWebApp', { encryption: { keys: [{ id: 'a', key: 'S3CRET' }], kees: 'S3CRET' } }),
    ).toEqual([
      "encryption.kees is not a known option (did you mean 'keys'?)",
      'encryption.keys[0].key must be 32 bytes (a Buffer, or base64 text)',
    ]);
    expect(messages('forWebApp', { encryption: 'S3CRET' })).toEqual([
      'encryption must be an object with keys',
    ]);
  });

  it.each([
    ['forWebApp', 'defaultTTL', 'defaultTtl'],
    ['forWebApp', 'maxSize', 'l1CacheSize'],
    ['forAiApp', 'operationTtl', 'operationTtls'],
    ['create', 'presets', 'preset'],
    ['forTesting', 'useMemorycache', 'useMemoryCache'],
  ] as const)('%s refuses %s, and asks for %s', (way, name, meant) => {
    expect(messages(way, { [name]: 1 })).toEqual([
      `${name} is not a known option (did you mean '${meant}'?)`,
    ]);
  });

  it.each(ways)('%s names the group of an advanced option that stands beside it', (way) => {
    expect(messages(way, { breakerThreshold: 5, advanced: { leaseDuration: 0 } })).toEqual([
      'breakerThreshold stands under advanced: { advanced: { breakerThreshold: ... } }',
      'advanced.leaseDuration must be longer than 0, got 0',
    ]);
  });

  it('AI options belong to AI caches', () => {
    expect(messages('forWebApp', { textHashThreshold: 500 })).toEqual([
      'textHashThreshold is not a known option',
    ]);
  });

  it('refuses null as a value', () => {
    expect(messages('forWebApp', { defaultTtl: null })).toEqual([
      'defaultTtl must be an integer (seconds) or a duration with a unit (ms, s, m, h, d) such as "5m", got null',
    ]);
    expect(messages('forWebApp', { advanced: null })).toEqual(['advanced must be an object, got null']);
  });

  it.each([[null], ['redis://localhost'], [[]]])('refuses %p as options', (given) => {
    expect(messages('forWebApp', given)[0]).toContain('options must be an object');
  });

  it('no option name reaches the prototype', () => {
    const given: unknown = JSON.parse('{"__proto__": {"enabled": false}, "defaultTtl": 5}');
    const { options } = checkOptions(webAppOptionSet, given);
    expect(options).toMatchObject({ enabled: true, defaultTtl: 5 });
  });

  it('objects of the user are passed on, not copied', () => {
    const made = jest.fn();
    class Monitor {
      calls = { deep: 1 };
      constructor() {
        made();
      }
    }
    const monitor = new Monitor();
    const logger = { lines: [], warn: () => undefined, log: () => undefined };
    const onOperation = () => undefined;
    const { options, problems } = checkOptions(webAppOptionSet, { monitor, logger, onOperation });
    expect(problems).toEqual([]);
    expect([options.monitor, options.logger, options.onOperation]).toEqual([monitor, logger, onOperation]);
    expect(options.monitor).toBe(monitor);
    expect(options.logger).toBe(logger);
    expect(made).toHaveBeenCalledTimes(1);
  });
});

describe('a printed options object', () => {
  it('shows no credential, by inspect or as JSON', () => {
    const { options } = checkOptions(configOptionSet, {
      redisUrl: 'redis://user:S3CRET@cache.example.org:6379/1',
      redis: { host: 'h', password: 'S3CRET', username: 'S3CRET' },
      encryption: { keys: [{ id: 'a', key: encryptionKey }] },
      monitor: new (class Watch {
        key = 'S3CRET';
      })(),
    });
    const shown = inspect(options, { depth: 9 }) + JSON.stringify(options);
    expect(shown).not.toContain('S3CRET');
    expect(shown).not.toContain(encryptionKey);
    expect(shown).toContain('redis://***@cache.example.org:6379/1');
    expect(shown).toContain('[Watch]');
  });
});
