import { advise, adviserSettings, gatherFacts } from '../cache/observe/adviser.js';
import { defaultRedisOptions } from '../cache/contract/default-options.js';
import { RedisCache } from '../cache/redis-cache.js';
import { engineOf, TieredCache } from '../cache/tiered-cache.js';
import { CacheFactory, type PreparedCache } from '../config/cache-factory.js';
import type { CacheConfig } from '../config/options.js';
import { cachesBeside, optionsBeside, type SeveralCaches } from '../config/several-caches.js';
import { CacheError } from '../base/errors.js';
import { durationMs } from '../base/duration.js';
import { printChecked, type CheckedCache } from './check-view.js';
import { ProgressLine } from './look/progress.js';
import { printJson, type Output } from './output.js';
import { probeCalls, probeChannel } from './probe.js';
import { settingsOf } from './settings.js';

/** Options of the module, not of a cache. */
const ofModule = ['isGlobal', 'vary', 'caches', 'evictions', 'fleet'];
const silent = { warn: () => undefined, log: () => undefined };

/**
 * Prints the effective settings and checks the configured Redis. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid option or environment variable
 */
export async function check(
  config: SeveralCaches,
  { json }: { readonly json: boolean },
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
  for (const each of prepared) {
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

/** The options of a cache, without the options of the module. */
export function ofCache(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ofModule.includes(name)));
}

async function checkCache(prepared: PreparedCache, logged: readonly string[]): Promise<CheckedCache> {
  const { cache, options, warnings } = prepared;
  const isRedis = cache instanceof RedisCache;
  const { keyPrefix } = cache instanceof TieredCache ? engineOf(cache) : { keyPrefix: '' };
  const settings = settingsOf(prepared, { isRedis, keyPrefix });
  const none = { latencyMs: null, accepted: [], failed: [], advice: [] };
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
  return { ...known, home: 'redis', latencyMs, ...tried, advice: await adviceFor(cache, options) };
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

async function adviceFor(cache: RedisCache, options: PreparedCache['options']): Promise<readonly string[]> {
  const { l2, keyPrefix } = engineOf(cache);
  if (l2 === undefined) return [];
  const coherence = options.enableL1Cache === false ? 'none' : (options.coherence ?? 'tracking');
  return advise(await gatherFacts(l2, adviserSettings(options, { name: cache.name, keyPrefix, coherence })));
}
