import { advise, adviserSettings, gatherFacts } from '../cache/observe/adviser.js';
import { defaultRedisOptions } from '../cache/contract/default-options.js';
import { RedisCache } from '../cache/redis-cache.js';
import { engineOf, TieredCache } from '../cache/tiered-cache.js';
import { CacheFactory, type PreparedCache } from '../config/cache-factory.js';
import type { CacheConfig } from '../config/options.js';
import { cachesBeside, optionsBeside, type SeveralCaches } from '../config/several-caches.js';
import { CacheError } from '../base/errors.js';
import { durationMs } from '../base/duration.js';
import type { ApplicationWanted } from './application.js';
import { printChecked, type CheckedCache } from './check-view.js';
import { ProgressLine } from './look/progress.js';
import { ofCache } from './of-cache.js';
import { printJson, type Output } from './output.js';
import { readableSetting } from './readable-setting.js';
import { probeCalls, probeChannel } from './probe.js';
import { settingsOf } from './settings.js';

const silent = { warn: () => undefined, log: () => undefined };

/** What `check` is asked for. The configuration is already that of the wanted application. */
export interface CheckWanted extends ApplicationWanted {
  readonly json: boolean;
}

/** Longest `defaultTtl` in seconds that is not advised of: a longer one may be milliseconds. */
const longTtl = 30 * 86_400;

/**
 * Prints the effective settings and checks the configured Redis. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid option or environment variable
 */
export async function check(
  config: SeveralCaches,
  { json, ...wanted }: CheckWanted,
  output: Output,
): Promise<number> {
  const logged: string[] = [];
  const logger = { ...silent, warn: (line: string) => logged.push(line) };
  const factory = new CacheFactory({ logger });
  const beside = Object.keys(cachesBeside(config)).map((name) => optionsBeside(config, name));
  // Validate all caches before the first connects.
  const prepared = [config, ...beside].map((options) => factory.prepare('create', ofCache(options)));
  // Drop the warnings about variables: each cache prints its own.
  logged.length = 0;
  const progress = new ProgressLine(output.progress);
  const caches: CheckedCache[] = [];
  for (const made of prepared) {
    const each = { ...made, sources: sourcesOf(made, wanted) };
    progress.show(`checking cache '${each.cache.name}'`);
    try {
      const checked = await checkCache(each, logged);
      progress.clear();
      caches.push(checked);
      if (!json) printChecked(checked, output);
    } finally {
      progress.clear();
      await each.cache.close();
    }
  }
  const passed = caches.every(({ failed }) => failed.length === 0);
  if (json) printJson(output, { passed, caches });
  else if (passed) output.out(output.style.green('All checks passed.'));
  else output.out(output.style.red('Some checks failed, see above.'));
  return passed ? 0 : 1;
}

/** The sources of the options; those of flags under the names of the flags. */
function sourcesOf({ options, sources }: PreparedCache, wanted: ApplicationWanted): PreparedCache['sources'] {
  const { redis, prefix } = wanted;
  return {
    ...sources,
    ...(redis !== undefined && options.redisUrl === redis && { redisUrl: '--redis' }),
    ...(prefix !== undefined && options.keyPrefix === prefix && { keyPrefix: '--prefix' }),
  };
}

async function checkCache(prepared: PreparedCache, logged: readonly string[]): Promise<CheckedCache> {
  const { cache, options, warnings } = prepared;
  const isRedis = cache instanceof RedisCache;
  const { keyPrefix } = cache instanceof TieredCache ? engineOf(cache) : { keyPrefix: '' };
  const settings = settingsOf(prepared, { isRedis, keyPrefix });
  const ttlAdvice = adviceForTtl(cache.name, options.defaultTtl);
  const none = { latencyMs: null, accepted: [], failed: [], advice: ttlAdvice };
  const known = { name: cache.name, settings, warnings };
  if (!isRedis) return { ...known, home: 'memory', ...none };
  const problem = await connectionProblem(prepared);
  if (problem !== undefined) return { ...known, home: 'redis', ...none, failed: [problem] };
  const { tiers } = await cache.health();
  const { status, latencyMs = 0, lastError } = tiers.l2 ?? { status: 'away' };
  if (status !== 'ready') {
    const words = `Redis does not answer${lastError === undefined ? '' : `: ${lastError}`}`;
    return { ...known, home: 'redis', ...none, failed: [words] };
  }
  const tried = await tryOut({ prepared, cache, logged });
  const advice = [...ttlAdvice, ...(await adviceFor(cache, options))];
  return { ...known, home: 'redis', latencyMs, ...tried, advice };
}

interface Trial {
  readonly prepared: PreparedCache;
  readonly cache: RedisCache;
  /** Warnings logged by the caches under check. */
  readonly logged: readonly string[];
}

/** Runs each kind of call of the cache. */
async function tryOut({
  prepared,
  cache,
  logged,
}: Trial): Promise<Pick<CheckedCache, 'accepted' | 'failed'>> {
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
    return {
      accepted: steps.filter(({ problem }) => problem === undefined).map(({ what }) => what),
      failed: steps.flatMap(({ what, problem }) => (problem === undefined ? [] : [`${what}: ${problem}`])),
    };
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

/** A number of milliseconds given as seconds shows by its size. */
function adviceForTtl(name: string, ttl: PreparedCache['options']['defaultTtl']): readonly string[] {
  if (typeof ttl !== 'number' || ttl <= longTtl) return [];
  const meant = String(ttl / 1000);
  return [
    `Cache '${name}' has a defaultTtl of ${inWords(String(ttl))}: a number counts seconds. If milliseconds are meant, set ${inWords(meant)}; else write it with a unit, such as '60d'`,
  ];
}

function inWords(seconds: string): string {
  return readableSetting({ name: 'defaultTtl', value: seconds });
}

async function adviceFor(cache: RedisCache, options: PreparedCache['options']): Promise<readonly string[]> {
  const { l2, keyPrefix } = engineOf(cache);
  if (l2 === undefined) return [];
  const coherence = options.enableL1Cache === false ? 'none' : (options.coherence ?? 'tracking');
  return advise(await gatherFacts(l2, adviserSettings(options, { name: cache.name, keyPrefix, coherence })));
}
