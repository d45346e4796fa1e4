import { optionProblems } from '../../base/checks.js';
import type { ValidationProblem } from '../../base/errors.js';
import { ValidationError } from '../../base/errors.js';
import { isClient, type RedisServerOptions } from '../../tiers/redis/options.js';
import type { RedisCacheOptions } from './cache-options.js';
import { checksOf } from './option-kinds.js';
import { baseOptions, memoryOptions, redisOptions, serverOptions } from './option-table.js';

export const baseChecks = checksOf(baseOptions);
export const inMemoryChecks = checksOf(memoryOptions);
export const redisServerChecks = checksOf(serverOptions);
export const redisChecks = checksOf(redisOptions);

/** @throws ValidationError that lists every problem; one of `redisUrl` and `redis` is required */
export function assertRedisCacheOptions(options: RedisCacheOptions): void {
  const hasRedis = typeof options === 'object' && options?.redis !== undefined;
  const problems = [
    ...optionProblems(options, redisChecks, hasRedis ? [] : ['redisUrl']),
    ...addressProblems(options),
  ];
  if (problems.length > 0) throw new ValidationError(problems, 'RedisCache');
}

/** Parts of the address of Redis that contradict each other, or have no effect. */
export function addressProblems(options: Partial<RedisCacheOptions> | null): readonly ValidationProblem[] {
  const redis = options?.redis;
  if (typeof redis !== 'object' || redis === null) return [];
  if (options?.redisUrl !== undefined) {
    return [{ path: 'redis', message: 'redis cannot be combined with redisUrl (use redis.url)' }];
  }
  return isClient(redis) ? [] : serverProblems(redis);
}

const places = ['url', 'host', 'path', 'sentinels', 'nodes'] as const satisfies (keyof RedisServerOptions)[];
const ofSentinels = ['sentinelName', 'sentinelUsername', 'sentinelPassword'] as const;

function serverProblems(server: RedisServerOptions): readonly ValidationProblem[] {
  const problems: ValidationProblem[] = [];
  const refuse = (name: keyof RedisServerOptions, words: string): void => {
    problems.push({ path: `redis.${name}`, message: `redis.${name} ${words}` });
  };
  const [place, ...others] = places.filter((name) => server[name] !== undefined);
  for (const other of others) {
    refuse(other, `cannot be combined with redis.${String(place)}: each says where Redis is`);
  }
  if (server.port !== undefined && place !== undefined && place !== 'host') {
    refuse('port', `belongs to redis.host, and redis.${place} is given: it has no effect there`);
  }
  for (const name of server.sentinels === undefined ? ofSentinels : []) {
    if (server[name] !== undefined) refuse(name, 'has no effect without redis.sentinels');
  }
  if (server.nodes !== undefined && server.db !== undefined && server.db !== 0) {
    refuse('db', 'must be 0 with redis.nodes: a Redis Cluster has no other database');
  }
  return problems;
}
