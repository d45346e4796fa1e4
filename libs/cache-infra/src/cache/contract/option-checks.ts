import { optionProblems } from '../../base/checks.js';
import { ValidationError } from '../../base/errors.js';
import type { RedisCacheOptions } from './cache-options.js';
import { contradictions } from './contradictions.js';
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
    ...contradictions(options),
  ];
  if (problems.length > 0) throw new ValidationError(problems, 'RedisCache');
}
