import { assertOptions } from '../checks.js';
import { ValidationError } from '../errors.js';
import { assertRedisCacheOptions, inMemoryChecks, redisChecks } from './option-checks.js';

describe('the options of InMemoryCache', () => {
  it('all of them together are accepted', () => {
    const options = {
      name: 'a',
      defaultTtl: 0,
      maxSize: 1,
      isolation: 'freeze',
      enabled: false,
      monitor: {},
      onOperation: () => undefined,
      logger: console,
      clock: { now: () => 0 },
    };
    expect(() => {
      assertOptions('InMemoryCache', options, inMemoryChecks);
    }).not.toThrow();
  });
});

describe('the options of RedisCache', () => {
  it('seed S10.118 redisUrl is required', () => {
    expect(() => {
      assertRedisCacheOptions({});
    }).toThrow('RedisCache: redisUrl is required');
  });

  it('redis does instead of redisUrl, and is looked into', () => {
    assertRedisCacheOptions({ redis: { host: '127.0.0.1', port: 6379, password: 'x', db: 1 } });
    expect(() => {
      assertRedisCacheOptions({ redis: { host: '', port: 0 } });
    }).toThrow('redis.host cannot be empty; redis.port must be an integer from 1 to 65535, got 0');
  });

  it('one address, not two', () => {
    expect(() => {
      assertRedisCacheOptions({ redisUrl: 'redis://a', redis: { host: 'b' } });
    }).toThrow('redis cannot be combined with redisUrl');
  });

  it("a client of the user's own is not looked into", () => {
    const client = { status: 'ready', duplicate: () => undefined, options: { port: 0 } };
    expect(() => {
      assertOptions('RedisCache', { redis: client }, redisChecks);
    }).not.toThrow();
  });

  it('every problem at once, as ValidationError', () => {
    const options = { redisUrl: 'redis://', compressionLevel: 10, commandTimeout: '0ms' };
    expect(() => {
      assertRedisCacheOptions(options);
    }).toThrow(ValidationError);
    expect(() => {
      assertRedisCacheOptions(options);
    }).toThrow(/redisUrl must include host.*compressionLevel must be.*commandTimeout must be longer/);
  });
});
