import { problemsAt } from '../../base/checks.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { RedisCache } from '../redis-cache.js';
import { defaultMemoryOptions, defaultRedisOptions } from './default-options.js';
import {
  advancedOptions,
  baseAdvancedOptions,
  baseOptions,
  memoryOptions,
  redisOptions,
  serverOptions,
} from './option-table.js';

const atTop = { ...memoryOptions, ...redisOptions };
const every = Object.entries({ ...atTop, ...serverOptions, ...advancedOptions });

describe('the option table', () => {
  it('has defaults that pass the checks of their options', () => {
    const problems = every.flatMap(([name, { check, default: value }]) =>
      value === undefined ? [] : problemsAt(name, value, check),
    );
    expect(problems).toEqual([]);
  });

  it('gives each environment variable to one option', () => {
    const variables = every.flatMap(([, { variable = [] }]) => variable);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it('has every option of every cache among those of a cache in memory and in Redis', () => {
    const names = Object.keys(baseOptions);
    for (const table of [memoryOptions, redisOptions])
      expect(Object.keys(table)).toEqual(expect.arrayContaining(names));
    expect(advancedOptions).toMatchObject(baseAdvancedOptions);
  });

  it('has each option either at the top level or under `advanced`', () => {
    expect(Object.keys(advancedOptions).filter((name) => name in atTop)).toEqual([]);
  });

  it('gives no environment variable to an option under `advanced`, where none is read', () => {
    expect(Object.entries(advancedOptions).filter(([, option]) => option.variable !== undefined)).toEqual([]);
  });
});

describe('the defaults', () => {
  it('of the table are those of a cache in memory', async () => {
    await using cache = new InMemoryCache();
    const { name, defaultTtl, maxSize } = defaultMemoryOptions;
    expect(cache).toMatchObject({ name, defaultTtl, maxSize });
  });

  it('of the table are those of a cache in Redis', async () => {
    await using cache = new RedisCache({ redisUrl: 'redis://127.0.0.1:1' });
    const { name, defaultTtl, l1CacheSize } = defaultRedisOptions;
    expect(cache).toMatchObject({ name, defaultTtl, maxSize: l1CacheSize });
  });

  it('are absent where the absence of an option has a meaning of its own', () => {
    const own = [
      'refreshAhead',
      'softTimeout',
      'hardTimeout',
      'l1Ttl',
      'keyPrefix',
      'encryption',
      'redisUrl',
    ];
    expect(own.filter((name) => name in defaultRedisOptions)).toEqual([]);
  });
});
