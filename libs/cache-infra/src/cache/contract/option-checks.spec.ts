import { inspect } from 'node:util';

import { assertOptions } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import { readEnvironment } from '../../config/environment.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { assertRedisCacheOptions, inMemoryChecks, redisChecks } from './option-checks.js';
import { advancedOptions } from './option-table.js';
import { loadPlan, planDefaults } from '../entry/store-plan.js';

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
      advanced: { clock: { now: () => 0 }, graceBackoff: '2s', maxValueNodes: 5 },
    };
    expect(() => {
      assertOptions('InMemoryCache', options, inMemoryChecks);
    }).not.toThrow();
  });
});

describe('the advanced options of InMemoryCache', () => {
  it('are checked, with their path', () => {
    expect(() => new InMemoryCache({ advanced: { graceBackoff: 0 } })).toThrow(
      'advanced.graceBackoff must be longer than 0, got 0',
    );
  });

  it('are those of every cache: the others belong to a cache in Redis', () => {
    const advanced: object = { breakerThreshold: 5 };
    expect(() => new InMemoryCache({ advanced })).toThrow('advanced.breakerThreshold is not a known option');
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

  it.each([
    [{ url: 'redis://a', host: 'b' }, 'redis.host cannot be combined with redis.url'],
    [{ host: 'a', nodes: [{ host: 'b' }] }, 'redis.nodes cannot be combined with redis.host'],
    [{ url: 'redis://a', port: 6380 }, 'redis.port belongs to redis.host'],
    [{ host: 'a', sentinelName: 'shop' }, 'redis.sentinelName has no effect without redis.sentinels'],
    [{ nodes: [{ host: 'a' }], db: 3 }, 'redis.db must be 0 with redis.nodes'],
  ])('T39: what would be ignored in silence is refused: %j', (redis, words) => {
    expect(() => {
      assertRedisCacheOptions({ redis });
    }).toThrow(words);
  });

  it('T39: a URL given as host, sentinel or node shows its password nowhere', () => {
    const host = 'redis://shop:a-long-password@redis.example';
    for (const redis of [{ host }, { sentinels: [{ host }] }, { nodes: [{ host }] }, { path: host }]) {
      let message = '';
      try {
        assertRedisCacheOptions({ redis });
      } catch (error) {
        message = inspect(error);
      }
      expect(message).toContain("did you mean 'url'?");
      expect(message).not.toContain('password@');
    }
  });

  it("a client of the user's own is not looked into", () => {
    const client = { status: 'ready', duplicate: () => undefined, options: { port: 0 } };
    expect(() => {
      assertOptions('RedisCache', { redis: client }, redisChecks);
    }).not.toThrow();
  });

  it.each(Object.keys(advancedOptions))(
    '%s at the top level is refused, and told where it stands',
    (name) => {
      expect(() => {
        assertOptions('RedisCache', { redisUrl: 'redis://a', [name]: 1 }, redisChecks);
      }).toThrow(`${name} stands under advanced: { advanced: { ${name}: ... } }`);
    },
  );

  it('every problem at once, as ValidationError', () => {
    const options = {
      redisUrl: 'redis://',
      advanced: { compressionLevel: 20 },
      commandTimeout: '0ms',
    } as const;
    expect(() => {
      assertRedisCacheOptions(options);
    }).toThrow(ValidationError);
    expect(() => {
      assertRedisCacheOptions(options);
    }).toThrow(
      /redisUrl must include host.*advanced\.compressionLevel must be.*commandTimeout must be longer/,
    );
  });
});

describe('limits that both homes keep', () => {
  const memory = () => new InMemoryCache();

  it.each([2 ** 23 + 1, 2 ** 32, Infinity])(
    'T54: %d entries are refused, in memory and for the L1',
    (size) => {
      expect(() => new InMemoryCache({ maxSize: size })).toThrow(ValidationError);
      expect(() => {
        assertRedisCacheOptions({ redisUrl: 'redis://a', l1CacheSize: size });
      }).toThrow(/l1CacheSize must (not exceed 8388608 entries|be a positive integer)/);
      const { problems } = readEnvironment({ CACHE_SIZE: String(size) });
      expect(problems[0]?.message).toContain('CACHE_SIZE must');
    },
  );

  it.each(['hardTimeout', 'softTimeout', 'l1Ttl'])(
    'T53: 0 for %s means the same for a cache and for a call',
    (name) => {
      const given = { ...planDefaults({ [name]: 0 }, false, name === 'l1Ttl' ? 0 : undefined) };
      const { softTimeoutMs, hardTimeoutMs, l1TtlMs } = loadPlan(
        { [name]: 0 },
        planDefaults({}, false, undefined),
      );
      expect({ softTimeoutMs, hardTimeoutMs, l1TtlMs }).toEqual({
        softTimeoutMs: given.softTimeoutMs,
        hardTimeoutMs: given.hardTimeoutMs,
        l1TtlMs: given.l1TtlMs,
      });
      expect(() => {
        assertRedisCacheOptions({ redisUrl: 'redis://a', [name]: 0 });
      }).not.toThrow();
    },
  );

  it('T53: hardTimeout 0 of a call takes the limit of the cache away', () => {
    expect(
      loadPlan({ hardTimeout: 0 }, planDefaults({ hardTimeout: 5 }, false, undefined)).hardTimeoutMs,
    ).toBeUndefined();
  });

  it('T53: tags that Redis has no room for are refused in memory, too', async () => {
    await using cache = memory();
    const long = ['t'.repeat(32_767)];
    const many = Array.from({ length: 65_536 }, (_, i) => String(i));
    for (const tags of [long, many]) {
      await expect(cache.set('key', 1, { tags })).rejects.toThrow(ValidationError);
      await expect(cache.getOrSet('key', () => 1, { tags })).rejects.toThrow(ValidationError);
      // Tags that a loader gives come too late to refuse: its value is handed out, and not stored.
      const loaded = cache.getOrSet('key', (ctx) => {
        ctx.tags(...tags);
        return 1;
      });
      expect(await loaded).toBe(1);
      expect(await cache.has('key')).toBe(false);
    }
    await cache.set('key', 1, { tags: ['t'.repeat(32_766)] });
  });

  it('T53: a disabled cache gives what its loader made, whatever it is', async () => {
    await using cache = new InMemoryCache({ enabled: false });
    const made = { run: () => 1 };
    await expect(cache.getOrSet('key', () => made)).resolves.toBe(made);
  });
});
