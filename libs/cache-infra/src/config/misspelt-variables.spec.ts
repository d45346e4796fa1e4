import { CacheFactory } from './cache-factory.js';
import { misspeltBenchmarkVariables } from './benchmark-environment.js';
import { misspeltHere } from './environment.js';

describe('T47: environment variables that the library does not read', () => {
  it.each([
    ['CACHE_DEFAULT_TTL', 'CACHE_TTL'],
    ['CACHE_MAX_SIZE', 'CACHE_SIZE'],
    ['REDIS_HOST', 'REDIS_URL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['CACHE_TTLS', 'CACHE_TTL'],
    ['CACHE_COMPRESION_THRESHOLD', 'CACHE_COMPRESSION_THRESHOLD'],
    ['CACHE_FAIL_ON_CONECTION_EROR', 'CACHE_FAIL_ON_CONNECTION_ERROR'],
    ['CACHE_ENCRYPTION_KEY', 'CACHE_ENCRYPTION_KEYS'],
    ['CACHE_ENABLE_COMPRESSION', 'ENABLE_CACHE_COMPRESSION'],
  ])('%s means %s', (name, meant) => {
    expect(misspeltHere({ [name]: '5' })).toEqual([{ name, meant }]);
  });

  it.each([
    'CACHE_TTL',
    'CACHE_URL',
    'CACHE_DIR',
    'REDIS_PORT',
    'REDIS_SERVICE_HOST',
    'REDIS_SENTINELS',
    'PATH',
    'MY_CACHE_TTLS',
  ])('%s is not reported', (name) => {
    expect(misspeltHere({ [name]: '5' })).toEqual([]);
  });

  it('an empty variable is not reported, nor one whose correct name is set', () => {
    expect(misspeltHere({ CACHE_TTLS: ' ' })).toEqual([]);
    expect(misspeltHere({ CACHE_TTLS: '5', CACHE_TTL: '6' })).toEqual([]);
  });

  it('variables of the benchmarks are not reported', () => {
    expect(misspeltBenchmarkVariables({ BENCHMARK_ITERATIONS: '5', BENCHMARK_SEDD: '5' })).toEqual([
      { name: 'BENCHMARK_ITERATIONS', meant: 'BENCHMARK_DEFAULT_ITERATIONS' },
      { name: 'BENCHMARK_SEDD', meant: 'BENCHMARK_SEED' },
    ]);
  });

  describe('a factory', () => {
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), log: () => undefined };
    const factoryOf = (env: Record<string, string>) => new CacheFactory({ env, logger });
    beforeEach(() => lines.splice(0));

    it('warns once about each variable, without its value', async () => {
      const factory = factoryOf({ REDIS_HOST: 'S3CRET', CACHE_DEFAULT_TTL: '5' });
      for (let i = 0; i < 2; i++) await (await factory.create({ name: `cache${String(i)}` })).close();
      expect(lines).toEqual([
        'The environment variable REDIS_HOST is not read: did you mean REDIS_URL?',
        'The environment variable CACHE_DEFAULT_TTL is not read: did you mean CACHE_TTL?',
      ]);
    });

    it('does not warn if the code sets the option: the application reads the variable itself', async () => {
      const factory = factoryOf({ REDIS_HOST: 'redis', CACHE_DEFAULT_TTL: '5' });
      await (await factory.create({ useMemoryCache: true, defaultTtl: 5 })).close();
      expect(lines).toEqual([]);
    });
  });
});
