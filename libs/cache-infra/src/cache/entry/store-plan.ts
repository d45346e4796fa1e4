import { valueVersion } from '../../base/checks.js';
import { durationMs } from '../../base/duration.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { BaseCacheOptions } from '../contract/cache-options.js';
import { defaultOptions } from '../contract/default-options.js';
import type { LoadOptions, StoreOptions, Tiers, Ttl } from '../contract/options.js';
import { otherVersion, type VersionRule } from './entry-version.js';
import { defaultValueRule, valueRule, type ValueRule } from './value-rules.js';

/** How one entry is stored: the caller's options, checked, with defaults applied. */
export interface StorePlan extends VersionRule {
  /** 0 = never expires. */
  readonly ttlMs: number;
  /** Life in the L1 if shorter; undefined = as in the L2. */
  readonly l1TtlMs: number | undefined;
  /** How long the value may be served beyond its ttl, when its loader fails or is slow. */
  readonly graceMs: number;
  /** No duplicates; empty = no tags. */
  readonly tags: readonly string[];
  readonly tiers: Tiers;
  /** Largest random fraction (0-1) taken off the ttl, also off one that the loader decides. */
  readonly jitter: number;
  /** Fraction of the ttl after which a hit starts a refresh; undefined = no refresh ahead. */
  readonly refreshAhead: number | undefined;
  readonly value: ValueRule;
}

/** How one value is loaded: the caller's options, checked, with defaults applied. */
export interface LoadPlan extends StorePlan {
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number | undefined;
  readonly lock: boolean;
  readonly forced: boolean;
  readonly signal: AbortSignal | undefined;
  /** Share of hits that are verified, 0-1. */
  readonly verify: number;
}

/** The cache's defaults for calls without options of their own. */
export interface PlanDefaults extends VersionRule {
  readonly value: ValueRule;
  readonly ttlMs: number;
  readonly l1TtlMs: number | undefined;
  readonly graceMs: number;
  readonly jitter: number;
  readonly refreshAhead: number | undefined;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number | undefined;
  readonly lock: boolean;
  readonly verify: number;
}

const noTags: readonly string[] = [];
const storeOptionNames: ReadonlySet<string> = new Set([
  ...['ttl', 'l1Ttl', 'tags', 'grace', 'jitter', 'tiers'],
  ...['as', 'revive', 'plain', 'schema', 'version'],
]);
/** The names of the options of one load. */
export const loadOptionNames: ReadonlySet<string> = new Set([
  ...storeOptionNames,
  'refreshAhead',
  'softTimeout',
  'hardTimeout',
  'lock',
  'forceRefresh',
  'verify',
  'signal',
]);
const tierChoices: readonly unknown[] = ['both', 'l1', 'l2'] satisfies Tiers[];

/** The defaults from a cache's options. */
export function planDefaults(options: BaseCacheOptions, lock: boolean, l1Ttl: Ttl | undefined): PlanDefaults {
  const ms = (value: Ttl | undefined, path: string): number | undefined =>
    value === undefined ? undefined : durationMs(value, path);
  return {
    value: defaultValueRule(options),
    ttlMs: durationMs(options.defaultTtl ?? defaultOptions.defaultTtl, 'defaultTtl'),
    l1TtlMs: unlessZero(ms(l1Ttl, 'l1Ttl')),
    graceMs: ms(options.grace, 'grace') ?? 0,
    jitter: options.jitter ?? 0,
    refreshAhead: options.refreshAhead,
    softTimeoutMs: ms(options.softTimeout, 'softTimeout'),
    hardTimeoutMs: unlessZero(ms(options.hardTimeout, 'hardTimeout')),
    lock,
    verify: options.verify ?? 0,
    version: options.version ?? 0,
    otherVersion: undefined,
  };
}

/** @throws ValidationError for a bad or an unknown option */
export function storePlan(options: Ttl | StoreOptions | undefined, defaults: PlanDefaults): StorePlan {
  const given = optionsObject(options, storeOptionNames);
  return given === undefined ? barePlan(options as Ttl | undefined, defaults) : planOf(given, defaults);
}

/** @throws ValidationError for a bad or an unknown option */
export function loadPlan(options: Ttl | LoadOptions | undefined, defaults: PlanDefaults): LoadPlan {
  const given = optionsObject<LoadOptions>(options, loadOptionNames);
  return given === undefined ? barePlan(options as Ttl | undefined, defaults) : planOf(given, defaults);
}

/** The plan of a call that names a ttl at most. */
function barePlan(ttl: Ttl | undefined, defaults: PlanDefaults): LoadPlan {
  const { jitter } = defaults;
  return {
    ttlMs: shortened(ttl === undefined ? defaults.ttlMs : durationMs(ttl), jitter),
    l1TtlMs: defaults.l1TtlMs,
    graceMs: defaults.graceMs,
    tags: noTags,
    tiers: 'both',
    jitter,
    refreshAhead: defaults.refreshAhead,
    value: defaults.value,
    softTimeoutMs: defaults.softTimeoutMs,
    hardTimeoutMs: defaults.hardTimeoutMs,
    lock: defaults.lock,
    forced: false,
    signal: undefined,
    verify: defaults.verify,
    version: defaults.version,
    otherVersion: undefined,
  };
}

// Every miss resolves options: plain reads and one literal take a tenth of the time of a rest pattern and spreads.
function planOf(given: LoadOptions, defaults: PlanDefaults): LoadPlan {
  const { ttl, l1Ttl, tags, grace, softTimeout, hardTimeout, lock, forceRefresh, signal } = given;
  const { jitter = defaults.jitter, tiers = 'both', refreshAhead = defaults.refreshAhead } = given;
  const { version = defaults.version, verify = defaults.verify } = given;
  if (given.version !== undefined) assertVersion(given.version);
  if (!(typeof jitter === 'number' && jitter >= 0 && jitter <= 1)) {
    throw problem('jitter', `jitter must be a number from 0 to 1, got ${describeValue(jitter)}`);
  }
  if (!tierChoices.includes(tiers)) {
    throw problem('tiers', `tiers must be 'both', 'l1' or 'l2', got ${describeValue(tiers)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw problem('signal', `signal must be an AbortSignal, got ${describeValue(signal)}`);
  }
  if (refreshAhead !== undefined && !(refreshAhead > 0 && refreshAhead < 1)) {
    throw problem('refreshAhead', `refreshAhead must be between 0 and 1, got ${describeValue(refreshAhead)}`);
  }
  if (!(typeof verify === 'number' && verify >= 0 && verify <= 1)) {
    throw problem('verify', `verify must be a number from 0 to 1, got ${describeValue(verify)}`);
  }
  assertFlag('lock', lock);
  assertFlag('forceRefresh', forceRefresh);
  return {
    ttlMs: shortened(ttl === undefined ? defaults.ttlMs : durationMs(ttl), jitter),
    l1TtlMs: l1Ttl === undefined ? defaults.l1TtlMs : unlessZero(durationMs(l1Ttl, 'l1Ttl')),
    graceMs: grace === undefined ? defaults.graceMs : durationMs(grace, 'grace'),
    tags: tags === undefined ? noTags : checkedTags(tags),
    tiers,
    jitter,
    refreshAhead,
    value: valueRule(given, defaults.value),
    softTimeoutMs:
      softTimeout === undefined ? defaults.softTimeoutMs : durationMs(softTimeout, 'softTimeout'),
    hardTimeoutMs:
      hardTimeout === undefined ? defaults.hardTimeoutMs : unlessZero(durationMs(hardTimeout, 'hardTimeout')),
    lock: lock ?? defaults.lock,
    forced: forceRefresh === true,
    signal,
    verify,
    version,
    otherVersion: otherVersion(version, defaults.version),
  };
}

function assertVersion(version: unknown): void {
  const wrong = valueVersion(version);
  if (wrong !== undefined) throw problem('version', `version ${wrong}, got ${describeValue(version)}`);
}

function assertFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') {
    throw problem(name, `${name} must be true or false, got ${describeValue(value)}`);
  }
}

/** @throws ValidationError unless every tag is a non-empty string */
export function checkedTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags))
    throw problem('tags', `tags must be an array of strings, got ${describeValue(tags)}`);
  const problems: ValidationProblem[] = [];
  tags.forEach((tag: unknown, i) => {
    if (typeof tag === 'string' && tag !== '') return;
    const path = `tags[${String(i)}]`;
    problems.push({ path, message: `${path} must be a non-empty string, got ${describeValue(tag)}` });
  });
  if (problems.length > 0) throw new ValidationError(problems);
  // A copy: the caller may change its array later.
  return [...new Set<string>(tags)];
}

/** The ttl with random jitter, so that entries stored together do not expire together. Never longer than `ttlMs`. */
export function shortened(ttlMs: number, jitter: number): number {
  return jitter === 0 || ttlMs === 0 ? ttlMs : Math.max(1, Math.round(ttlMs * (1 - jitter * Math.random())));
}

/** The shorter of two ttls, milliseconds; 0 = never expires. */
export function shorter(oneMs: number, otherMs: number): number {
  if (oneMs === 0) return otherMs;
  return otherMs === 0 ? oneMs : Math.min(oneMs, otherMs);
}

/** For options whose 0 means no limit. */
function unlessZero(ms: number | undefined): number | undefined {
  return ms === 0 ? undefined : ms;
}

/**
 * The options object; undefined = no options, or a bare ttl.
 *
 * @throws ValidationError for an unknown option
 */
export function optionsObject<T extends object>(
  options: Ttl | T | undefined,
  known: ReadonlySet<string>,
): T | undefined {
  if (options === undefined || typeof options === 'number' || typeof options === 'string') return undefined;
  if (typeof options !== 'object' || options === null) {
    throw problem('options', `options must be a ttl or an object, got ${describeValue(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw problem(name, `${name} is not an option here (known: ${[...known].join(', ')})`);
    }
  }
  return options;
}

export function problem(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }]);
}

/** Tags without duplicates. */
export function union(some: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? some : [...new Set([...some, ...more])];
}
