import { readEnvironment } from './environment.js';

function read(env: Record<string, string>) {
  return readEnvironment(env).settings;
}

function problems(env: Record<string, string>): string[] {
  return readEnvironment(env).problems.map(({ message }) => message);
}

describe('seed S8.103-105 environment variables', () => {
  it.each([
    ['REDIS_URL', 'redis://localhost:6379', { redisUrl: 'redis://localhost:6379' }],
    ['CACHE_TTL', '120', { defaultTtl: 120 }],
    ['CACHE_TTL', '5m', { defaultTtl: '5m' }],
    ['CACHE_SIZE', '7', { l1CacheSize: 7 }],
    ['CACHE_L1_ENABLED', 'off', { enableL1Cache: false }],
    ['CACHE_KEY_PREFIX', 'shop', { keyPrefix: 'shop' }],
    ['ENABLE_CACHE_COMPRESSION', 'false', { enableCompression: false }],
    ['CACHE_COMPRESSION_THRESHOLD', '4096', { compressionThreshold: 4096 }],
    ['REDIS_CONNECTION_TIMEOUT', '5', { connectTimeout: 5 }],
    ['REDIS_CONNECTION_TIMEOUT', '500ms', { connectTimeout: '500ms' }],
    ['CACHE_COMMAND_TIMEOUT', '50ms', { commandTimeout: '50ms' }],
    ['CACHE_FAIL_ON_CONNECTION_ERROR', 'Yes', { failOnConnectionError: true }],
  ])('%s=%s', (name, value, options) => {
    const { settings, problems } = readEnvironment({ [name]: value });
    expect(problems).toEqual([]);
    expect(settings.options).toMatchObject(options);
  });

  it('CACHE_ENCRYPTION_KEYS, the first of which encrypts; an id may have colons', () => {
    const [first, second] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)].map((key) => key.toString('base64'));
    const { settings, problems } = readEnvironment({
      CACHE_ENCRYPTION_KEYS: `2026:b:${first}, 2025:${second}`,
    });
    expect(problems).toEqual([]);
    expect(settings.options.encryption).toEqual({
      keys: [
        { id: '2026:b', key: first },
        { id: '2025', key: second },
      ],
    });
  });

  it.each([
    ['S3CRET', ['CACHE_ENCRYPTION_KEYS must be of the form id:key,id2:key2, each key 32 bytes as base64']],
    [
      'a:S3CRET,a:S3CRET',
      [
        'CACHE_ENCRYPTION_KEYS.keys[0].key must be 32 bytes (a Buffer, or base64 text)',
        'CACHE_ENCRYPTION_KEYS.keys[1].id is that of CACHE_ENCRYPTION_KEYS.keys[0]',
        'CACHE_ENCRYPTION_KEYS.keys[1].key must be 32 bytes (a Buffer, or base64 text)',
      ],
    ],
  ])('CACHE_ENCRYPTION_KEYS=%s: refused in words that show no key', (value, words) => {
    expect(problems({ CACHE_ENCRYPTION_KEYS: value })).toEqual(words);
  });

  it('CACHE_MONITORING_ENABLED, true by default', () => {
    expect(read({}).monitoring).toBe(true);
    expect(read({ CACHE_MONITORING_ENABLED: '0' }).monitoring).toBe(false);
  });

  it('REDIS_TEST_DB', () => {
    expect(read({ REDIS_TEST_DB: '15' }).testDb).toBe(15);
    expect(read({}).testDb).toBeUndefined();
  });

  it.each([
    ['production', 'production'],
    ['Production', 'production'],
    ['test', 'testing'],
    ['dev', 'development'],
    ['stage', 'staging'],
    ['prod', 'production'],
  ])('CACHE_ENV=%s is the preset %s', (value, preset) => {
    expect(read({ CACHE_ENV: value }).preset).toBe(preset);
  });

  it('CACHE_PRESET comes before CACHE_ENV', () => {
    expect(read({ CACHE_PRESET: 'disabled', CACHE_ENV: 'production' }).preset).toBe('disabled');
  });

  it('an empty variable is not set', () => {
    const { settings, problems } = readEnvironment({ REDIS_URL: '', CACHE_TTL: '  ', CACHE_PRESET: '' });
    expect(problems).toEqual([]);
    expect(settings.preset).toBeUndefined();
    expect(Object.values(settings.options).every((value) => value === undefined)).toBe(true);
  });

  it('every invalid variable is reported by its name', () => {
    const env = {
      CACHE_TTL: 'soon',
      CACHE_SIZE: '0',
      ENABLE_CACHE_COMPRESSION: 'maybe',
      CACHE_PRESET: 'produktion',
      REDIS_TEST_DB: '-1',
    };
    expect(problems(env)).toEqual([
      'CACHE_TTL must be an integer (seconds) or a duration with a unit (ms, s, m, h, d) such as "5m", got "soon"',
      'CACHE_SIZE must be a positive integer, got 0',
      'ENABLE_CACHE_COMPRESSION must be true or false, got "maybe"',
      expect.stringMatching(/^CACHE_PRESET must be one of .*did you mean 'production'\?/),
      'REDIS_TEST_DB must be a non-negative integer, got -1',
    ]);
  });

  it('no credential of REDIS_URL is shown', () => {
    expect(problems({ REDIS_URL: 'http://user:S3CRET@host' })).toEqual([
      "REDIS_URL must start with 'redis://' or 'rediss://' (or 'unix://' for a socket), got \"http://***@host\"",
    ]);
  });
});
