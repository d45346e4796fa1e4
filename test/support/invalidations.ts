import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';

/** Each way to invalidate a key that is tagged `tag`. */
export const invalidations: [what: string, invalidate: (cache: Cache, key: string) => Promise<unknown>][] = [
  ['delete', (cache, key) => cache.delete(key)],
  ['deleteMany', (cache, key) => cache.deleteMany(['other', key])],
  ['invalidateTags', (cache) => cache.invalidateTags('tag')],
  ['invalidatePattern', (cache) => cache.invalidatePattern('*')],
  ['clear', (cache) => cache.clear()],
];
