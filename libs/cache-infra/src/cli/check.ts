import { advise, adviserSettings, gatherFacts } from '../cache/observe/adviser.js';
import { defaultRedisOptions } from '../cache/contract/default-options.js';
import { RedisCache } from '../cache/redis-cache.js';
import { engineOf, TieredCache } from '../cache/tiered-cache.js';
import { CacheFactory, type PreparedCache } from '../config/cache-factory.js';
import type { CacheConfig } from '../config/options.js';
import { cachesBeside, optionsBeside, type SeveralCaches } from '../config/several-caches.js';
import { CacheError } from '../base/errors.js';
import { durationMs } from '../base/duration.js';
import { guideUrl } from '../base/guide-url.js';
import type { Output } from './output.js';
import { probeCalls, probeChannel } from './probe.js';
import { settingLines } from './settings.js';

/** Options of the module, not of a cache. */
const ofModule = ['isGlobal', 'vary', 'caches'];
const silent = { warn: () => undefined, log: () => undefined };

/**
 * Prints the effective settings and checks the configured Redis. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid option or environment variable
 */
export async function check(config: SeveralCaches, output: Output): Promise<number> {
  const logged: string[] = [];
  const logger = { ...silent, warn: (line: string) => logged.push(line) };
  const factory = new CacheFactory({ logger });
  const beside = Object.keys(cachesBeside(config)).map((name) => optionsBeside(config, name));
  // Validate all caches before the first connects.
  const prepared = [config, ...beside].map((options) => factory.prepare('create', ofCache(options)));
  // Drop the warnings about variables: each cache prints its own.
  logged.length = 0;
  let code = 0;
  for (const each of prepared) {
    try {
      if (!(await checkCache(each, output, logged))) code = 1;
    } finally {
      await each.cache.close();
    }
  }
  output.out(code === 0 ? 'All checks passed.' : 'Some checks failed, see above.');
  return code;
}

/** The options of a cache, without the options of the module. */
export function ofCache(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ofModule.includes(name)));
}

/** Resolves to true if the cache works. */
async function checkCache(
  prepared: PreparedCache,
  output: Output,
  logged: readonly string[],
): Promise<boolean> {
  const { cache, options } = prepared;
  const isRedis = cache instanceof RedisCache;
  output.out(`Cache '${cache.name}', ${isRedis ? 'in Redis' : 'in memory'}`);
  const { keyPrefix } = cache instanceof TieredCache ? engineOf(cache) : { keyPrefix: '' };
  for (const line of settingLines(prepared, { isRedis, keyPrefix })) output.out(line);
  for (const words of prepared.warnings) output.out(`  WARNING: ${words}`);
  if (!isRedis) {
    output.out('  no Redis is configured (redisUrl, redis, REDIS_URL)\n');
    return true;
  }
  const problem = await connectionProblem(prepared);
  if (problem !== undefined) {
    output.out(`  FAILED: ${problem}\n`);
    return false;
  }
  const { tiers } = await cache.health();
  const { status, latencyMs = 0, lastError } = tiers.l2 ?? { status: 'away' };
  if (status !== 'ready') {
    output.out(`  FAILED: Redis does not answer${lastError === undefined ? '' : `: ${lastError}`}\n`);
    return false;
  }
  output.out(`  Redis answers in ${latencyMs.toFixed(1)} ms`);
  const works = await tryOut({ prepared, cache, logged }, output);
  const advice = await adviceFor(cache, options);
  for (const words of advice) output.out(`  ADVICE: ${words}`);
  output.out(advice.length === 0 ? '  no advice about its settings\n' : '');
  return works;
}

interface Trial {
  readonly prepared: PreparedCache;
  readonly cache: RedisCache;
  /** Warnings logged by the caches under check. */
  readonly logged: readonly string[];
}

/** Resolves to true if Redis accepts every call of the cache. */
async function tryOut({ prepared, cache, logged }: Trial, output: Output): Promise<boolean> {
  const { options } = prepared;
  const factory = new CacheFactory({ logger: silent });
  const direct = factory.prepare('create', {
    ...ofRecipe(options),
    ...{ enableL1Cache: false, onError: 'throw', monitor: undefined },
  });
  try {
    await direct.connect();
    const calls = direct.cache instanceof RedisCache ? await probeCalls(direct.cache) : [];
    const patienceMs = durationMs(options.connectTimeout ?? defaultRedisOptions.connectTimeout);
    const hears = (options.enableL1Cache ?? true) && (options.coherence ?? 'tracking') !== 'none';
    const steps = hears ? [...calls, await probeChannel(cache, patienceMs, logged)] : calls;
    const failed = steps.filter(({ problem }) => problem !== undefined);
    for (const { what, problem = '' } of failed) output.out(`  FAILED: ${what}: ${problem}`);
    if (failed.length > 0)
      output.out(`  The ACL user needs these commands: ${guideUrl('security.md#redis')}`);
    else output.out(`  Redis accepts ${steps.map(({ what }) => what).join(', ')}`);
    return failed.length === 0;
  } finally {
    await direct.cache.close();
  }
}

/** Removes the preset, whose values are in the options already. */
function ofRecipe(options: PreparedCache['options']): CacheConfig {
  const given = Object.entries(options).filter(([name, value]) => name !== 'preset' && value !== undefined);
  return Object.fromEntries(given);
}

async function connectionProblem(prepared: PreparedCache): Promise<string | undefined> {
  try {
    await prepared.connect();
    return undefined;
  } catch (error) {
    return error instanceof CacheError ? error.message : 'Redis connection failed';
  }
}

async function adviceFor(cache: RedisCache, options: PreparedCache['options']): Promise<readonly string[]> {
  const { l2, keyPrefix } = engineOf(cache);
  if (l2 === undefined) return [];
  const coherence = options.enableL1Cache === false ? 'none' : (options.coherence ?? 'tracking');
  return advise(await gatherFacts(l2, adviserSettings(options, { name: cache.name, keyPrefix, coherence })));
}
