import { plainToInstance, Type } from 'class-transformer';
import { getMetadataStorage, IsInt, validateSync, ValidateNested } from 'class-validator';

import { CacheEnvironment, CacheSettings } from './option-classes.js';
import { configOptions } from './options.js';
import { variableNames } from './environment.js';

class AppConfig {
  @ValidateNested()
  @Type(() => CacheSettings)
  cache!: CacheSettings;
}

class Environment extends CacheEnvironment {
  @IsInt()
  @Type(() => Number)
  PORT!: number;
}

const strict = { whitelist: true, forbidNonWhitelisted: true } as const;

/** The messages of a configuration, by property. */
function messagesOf(cache: object): Record<string, string[]> {
  const [nested] = validateSync(plainToInstance(AppConfig, { cache }), strict);
  const found = nested?.children ?? [];
  return Object.fromEntries(found.map((each) => [each.property, Object.values(each.constraints ?? {})]));
}

/** The properties of an environment that are wrong. */
function wrongIn(env: object): string[] {
  return validateSync(plainToInstance(Environment, { PORT: '3000', ...env })).map(({ property }) => property);
}

describe('CacheSettings', () => {
  it('takes the options of forRoot()', () => {
    const redis = { host: 'cache.internal', port: 6379, tls: true };
    expect(
      messagesOf({ defaultTtl: '5m', l1CacheSize: 100, redis, advanced: { breakerThreshold: 3 } }),
    ).toEqual({});
    expect(messagesOf({})).toEqual({});
  });

  it('says what is wrong in the words of the module', () => {
    expect(messagesOf({ defaultTtl: 'soon', l1CacheSize: -1, redis: { host: 'a', port: 'b' } })).toEqual({
      defaultTtl: [expect.stringContaining('defaultTtl must be')],
      l1CacheSize: [expect.stringContaining('l1CacheSize must be')],
      redis: [expect.stringContaining('redis.port must be')],
    });
  });

  it('refuses an option that does not exist, and two addresses of Redis', () => {
    expect(messagesOf({ defaultTll: 5 })).toEqual({
      defaultTll: [expect.stringContaining('should not exist')],
    });
    expect(messagesOf({ redisUrl: 'redis://a', redis: { host: 'b' } })).toEqual({
      redis: [expect.stringContaining('redisUrl')],
    });
  });

  it('knows every option', () => {
    const all = Object.fromEntries(
      Object.keys(configOptions).map((name) => [name, Symbol('no value of an option')]),
    );
    expect(Object.keys(messagesOf(all)).sort()).toEqual(Object.keys(configOptions).sort());
  });
});

describe('CacheEnvironment', () => {
  it('takes variables as texts, beside those of the application', () => {
    expect(wrongIn({ REDIS_URL: 'redis://cache:6379', CACHE_TTL: '5m', CACHE_PRESET: '' })).toEqual([]);
    expect(wrongIn({ PORT: 'x', CACHE_TTL: 'soon' }).sort()).toEqual(['CACHE_TTL', 'PORT']);
  });

  it('shows no secret in its messages', () => {
    const env = {
      PORT: '1',
      REDIS_URL: 'redis://user:s3cret@host:port:6379',
      CACHE_ENCRYPTION_KEYS: 's3cret',
    };
    const errors = validateSync(plainToInstance(Environment, env));
    const messages = errors.map((error) => error.toString(false, false, '', true)).join('\n');
    expect(messages).toContain('REDIS_URL must');
    expect(messages).not.toContain('s3cret');
  });

  it('takes what enableImplicitConversion makes of them', () => {
    expect(wrongIn({ CACHE_TTL: 60, CACHE_MONITORING_ENABLED: false })).toEqual([]);
  });

  it('knows every variable', () => {
    const known = getMetadataStorage().getTargetValidationMetadatas(CacheEnvironment, '', true, false);
    expect(known.map(({ propertyName }) => propertyName)).toEqual(variableNames);
  });
});
