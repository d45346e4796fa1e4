import { inspect } from 'node:util';

import { defaultOptions, defaultRedisOptions, unheardL1Ttl } from '../cache/contract/default-options.js';
import { flatOptions } from '../cache/contract/advanced-options.js';
import { baseChecks } from '../cache/contract/option-checks.js';
import { baseAdvancedOptions } from '../cache/contract/option-table.js';
import type { Coherence } from '../cache/contract/options.js';
import type { PreparedCache } from '../config/cache-factory.js';
import { withoutSecrets } from '../config/redact.js';

/** Meaning of options without a value. */
const without: Readonly<Record<string, string>> = {
  refreshAhead: 'never',
  softTimeout: 'none',
  hardTimeout: 'none',
  encryption: 'none',
};

const inMemory: ReadonlySet<string> = new Set([
  ...Object.keys(baseChecks),
  ...Object.keys(baseAdvancedOptions).map((name) => `advanced.${name}`),
  ...['l1CacheSize', 'memoryCacheSize', 'textHashThreshold', 'operationTtls', 'useMemoryCache'],
]);

export interface SettingsHome {
  readonly isRedis: boolean;
  /** The effective prefix of the cache; its default contains the cache name. */
  readonly keyPrefix: string;
}

/** A setting in effect. */
export interface Setting {
  readonly name: string;
  /** As text, secrets hidden. */
  readonly value: string;
  /** `code`, `default`, an environment variable or a preset. */
  readonly source: string;
  /** False: the setting has no effect on a cache in memory. */
  readonly applies: boolean;
}

/** The settings in effect. */
export function settingsOf(prepared: PreparedCache, { isRedis, keyPrefix }: SettingsHome): Setting[] {
  const { options, sources } = prepared;
  const given = withoutSecrets(flatOptions(options));
  const defaults = isRedis
    ? { ...defaultOptions, ...defaultRedisOptions, keyPrefix, l1Ttl: l1TtlOf(options.coherence) }
    : defaultOptions;
  const nothing = Object.entries(without).filter(([name]) => isRedis || inMemory.has(name));
  const all: Record<string, unknown> = { ...Object.fromEntries(nothing), ...defaults, ...given };
  return Object.entries(all).flatMap(([name, value]) => {
    const source = sources[name] ?? 'default';
    const applies = isRedis || inMemory.has(name);
    if (name === 'name' || (!applies && source === 'default')) return [];
    return [{ name, value: shown(value), source, applies }];
  });
}

function l1TtlOf(coherence: Coherence = defaultRedisOptions.coherence): string {
  return coherence === 'pubsub' || coherence === 'none' ? unheardL1Ttl : 'as long as in Redis';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, depth: 4 });
}
