import { flatOptions } from '../cache/contract/advanced-options.js';
import { contradictions } from '../cache/contract/contradictions.js';
import type { ValidationProblem } from '../base/errors.js';
import { ValidationError } from '../base/errors.js';
import { isClient, type RedisServerOptions } from '../tiers/redis/options.js';
import { checkOptions } from './check-options.js';
import type { EnvironmentSettings } from './environment.js';
import { misspeltHere, readEnvironment, variableOf } from './environment.js';
import type { Environment, MisspeltVariable } from './misspelt-variables.js';
import type { CacheConfig, CommonCacheOptions, OptionSet } from './options.js';
import { canonicalPresetName, type PresetName } from './preset-names.js';
import { presets } from './presets.js';

/** A way to make a cache: its options, and what applies where none is given. */
export interface Recipe<T extends CommonCacheOptions> {
  /** Named in errors. */
  readonly subject: string;
  readonly set: OptionSet<T>;
  /** Takes a preset. */
  readonly preset?: boolean;
  /** Makes test caches, which `REDIS_TEST_DB` keeps in a database of their own. */
  readonly test?: boolean;
  /**
   * `REDIS_URL` alone is the Redis of the application, which tests must not fill: it counts with `REDIS_TEST_DB`, which
   * names a database for tests, and with `useMemoryCache: false`.
   */
  readonly sparesApplication?: boolean;
  /** Where the cache lives when neither code, environment nor preset says. Absent: that is an error. */
  readonly home?: 'memory';
  /** Default of `l1CacheSize` for a cache that lives in memory alone. Default: that of the set. */
  readonly memoryEntries?: number;
}

/** The options of a cache to be made: code, environment, preset and default merged and validated. */
export interface Resolved<T extends CommonCacheOptions> {
  readonly options: T;
  readonly home: 'memory' | 'redis';
  /** Whether the cache reports to the factory's monitor. */
  readonly monitoring: boolean;
  /** Whether its application may publish its instances. */
  readonly fleet: boolean;
  /** The source of each option's value; that of an advanced one under `advanced.<name>`. */
  readonly sources: Readonly<Record<string, OptionSource>>;
  /** Variables that look like one of the library's and are not read. */
  readonly misspelt: readonly MisspeltVariable[];
}

/** `'code'`, `'default'`, the name of an environment variable, or that of a preset. */
export type OptionSource = string;

type Layer = Partial<CommonCacheOptions>;

/**
 * Merges code, environment, preset and default, in the order of `environment.ts`, and validates them.
 *
 * @throws ValidationError with every problem of the options and of the environment
 */
export function resolveOptions<T extends CommonCacheOptions>(
  recipe: Recipe<T>,
  given: T,
  env?: Environment,
): Resolved<T> {
  const { settings, problems } = readEnvironment(env);
  const own = checkOptions(recipe.set, given);
  const explicit: Layer = Object.fromEntries(
    Object.entries(given ?? {}).filter(([, value]) => value !== undefined),
  );

  const presetName = recipe.preset === true ? presetOf(explicit, settings) : undefined;
  const preset = presetName === undefined ? {} : ofFormat(presets[presetName], explicit);
  const wantsRedis = settings.testDb !== undefined || explicit.useMemoryCache === false;
  const isSpared = recipe.sparesApplication === true && !wantsRedis;
  const fromOutside = isSpared ? { ...settings.options, redisUrl: undefined } : settings.options;
  const home = homeOf(explicit, fromOutside, preset, recipe.home);
  const environment = ofFormat(environmentFor(explicit, fromOutside), explicit);
  const wrong = [...problems, ...own.problems, ...contradictions({ ...environment, ...explicit })];
  const addressIsWrong = wrong.some(({ path }) => placePaths.has(path));
  const found = home === undefined && !addressIsWrong ? [redisRequired, ...wrong] : wrong;
  if (found.length > 0 || home === undefined) throw new ValidationError(found, recipe.subject);

  const set = { ...recipe.set, defaults: ofFormat(recipe.set.defaults, explicit) };
  const { options } = checkOptions(set, { ...preset, ...environment, ...explicit });
  const sources = sourcesOf(options, [
    [explicit, () => 'code'],
    [environment, (name) => variableOf[name] ?? 'environment'],
    [preset, () => `preset '${String(presetName)}'`],
  ]);
  if (home === 'memory' && recipe.memoryEntries !== undefined && sources['l1CacheSize'] === 'default') {
    options.l1CacheSize = recipe.memoryEntries;
  }
  const isTest = recipe.test === true || presetName === 'testing';
  if (isTest && settings.testDb !== undefined) useDatabase(options, explicit, settings.testDb);
  // The advice would come after the end of most tests.
  if (recipe.test === true) options.advanced = { adviser: false, ...options.advanced };
  const misspelt = misspeltHere(env).filter(({ meant }) => !isGivenInCode(explicit, meant));
  const { monitoring, fleet } = settings;
  return { options, home, monitoring, fleet, sources, misspelt };
}

const ofCompression: ReadonlySet<string> = new Set([
  'enableCompression',
  'compressionThreshold',
  'compressionAlgorithm',
]);

/** The compression of the whole application does not apply to a cache whose entries are JSON. */
function ofFormat<L extends Layer>(layer: L, { format }: Layer): L {
  if (format !== 'json') return layer;
  return Object.fromEntries(Object.entries(layer).filter(([name]) => !ofCompression.has(name))) as L;
}

type SourceOf = (option: string) => OptionSource;

/** The source of an option is the first of the layers that has it. */
function sourcesOf(
  options: Layer,
  layers: readonly (readonly [layer: Layer, sourceOf: SourceOf])[],
): Readonly<Record<string, OptionSource>> {
  const flatLayers = layers.map(([layer, sourceOf]) => [flatOptions(layer), sourceOf] as const);
  const entries = Object.keys(flatOptions(options)).map((name) => {
    const found = flatLayers.find(([layer]) => Object.hasOwn(layer, name));
    return [name, found === undefined ? 'default' : found[1](name)] as const;
  });
  return Object.fromEntries(entries);
}

/** True if the code gives the option of the variable: an application may read variables of its own. */
function isGivenInCode(explicit: Layer, variable: string): boolean {
  if (variable === 'REDIS_URL' && (explicit.redis !== undefined || explicit.useMemoryCache === true))
    return true;
  return Object.keys(explicit).some((option) => variableOf[option] === variable);
}

/** A problem of one of these may be the reason that no address is known. */
const placePaths = new Set(['options', 'preset', 'REDIS_URL', 'CACHE_PRESET', 'CACHE_ENV']);

const redisRequired: ValidationProblem = {
  path: 'redisUrl',
  message: 'redisUrl is required (or redis, useMemoryCache: true, or the environment variable REDIS_URL)',
};

function presetOf(
  explicit: Layer & Pick<CacheConfig, 'preset'>,
  settings: EnvironmentSettings,
): PresetName | undefined {
  const name = canonicalPresetName(explicit.preset) as PresetName | undefined;
  // A wrong name is one of the problems already.
  return name !== undefined && Object.hasOwn(presets, name) ? name : settings.preset;
}

function homeOf(explicit: Layer, environment: Layer, preset: Layer, otherwise: 'memory' | undefined) {
  const enabled = explicit.enabled ?? preset.enabled ?? true;
  if (!enabled || explicit.useMemoryCache === true) return 'memory';
  if ((explicit.redisUrl ?? explicit.redis ?? environment.redisUrl) !== undefined) return 'redis';
  if (explicit.useMemoryCache === false) return undefined;
  return preset.useMemoryCache === true ? 'memory' : otherwise;
}

/** The options of the environment that apply beside those given in code. */
function environmentFor(explicit: Layer, environment: Layer): Layer {
  const set = Object.entries(environment).filter(([, value]) => value !== undefined);
  const applicable = set.filter(([name]) => !(name === 'redisUrl' && explicit.redis !== undefined));
  return Object.fromEntries(applicable);
}

/** Moves a test cache to the test database, unless the code names another. */
function useDatabase(options: CommonCacheOptions, explicit: Layer, db: number): void {
  const { redis, redisUrl } = options;
  if (redis !== undefined && !isClient(redis) && takesDatabase(redis)) options.redis = { ...redis, db };
  if (redisUrl !== undefined && !namesDatabase(explicit.redisUrl)) {
    options.redisUrl = redisUrl.replace(/^(\w+:\/\/[^/?#]*)(\/\d*)?/, `$1/${db}`);
  }
}

/** True if the server names no database and is no Cluster, which has only one. */
function takesDatabase({ db, url, nodes }: RedisServerOptions): boolean {
  return db === undefined && nodes === undefined && !namesDatabase(url);
}

function namesDatabase(url: string | undefined): boolean {
  return url !== undefined && /^\w+:\/\/[^/?#]*\/\d/.test(url);
}
