import type { CacheConfig } from './options.js';

/** Starting points. What is given as an option or by the environment wins over them. */
export type PresetName =
  'development' | 'testing' | 'staging' | 'production' | 'disabled' | 'ai-development' | 'ai-production';

/** `useMemoryCache` in a preset means: memory, unless an option or the environment says where Redis is. */
export const presets: Readonly<Record<PresetName, Readonly<Omit<CacheConfig, 'preset'>>>> = {
  development: { defaultTtl: 300, l1CacheSize: 100, useMemoryCache: true, failOnConnectionError: false },
  testing: { defaultTtl: 60, l1CacheSize: 50, useMemoryCache: true },
  staging: { defaultTtl: 1800, l1CacheSize: 500, enableL1Cache: true },
  production: { defaultTtl: 3600, l1CacheSize: 1000, enableL1Cache: true, compressionThreshold: 1000 },
  disabled: { enabled: false },
  'ai-development': { defaultTtl: 1800, l1CacheSize: 100, textHashThreshold: 500, useMemoryCache: true },
  'ai-production': {
    defaultTtl: 14_400,
    l1CacheSize: 1000,
    enableL1Cache: true,
    compressionThreshold: 1000,
    textHashThreshold: 500,
  },
};

export const presetNames = Object.keys(presets) as readonly PresetName[];

const aliases: Readonly<Record<string, PresetName>> = {
  dev: 'development',
  test: 'testing',
  stage: 'staging',
  prod: 'production',
};

/** The preset that is meant: `'test'` is `'testing'`, `'prod'` is `'production'`. Anything else comes back as it is. */
export function canonicalPresetName(name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(aliases, name) ? aliases[name] : name;
}
