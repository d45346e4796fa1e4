import type { CacheConfig } from './options.js';
import type { PresetName } from './preset-names.js';

/** `useMemoryCache` in a preset means: memory, unless an option or the environment names a Redis. */
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
