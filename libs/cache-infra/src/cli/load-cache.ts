import type { Cache } from '../cache/contract/cache.js';
import { moduleExport, resultOf } from './module-export.js';

const methods = [
  'get',
  'set',
  'setMany',
  'getOrSet',
  'delete',
  'deleteMany',
  'namespace',
  'stats',
  'close',
] as const;

/**
 * Loads the cache that a user's module exports as `default` or `cache`: a `Cache`, or a function that returns one.
 *
 * @throws Error with a remedy, when the module cannot be loaded or exports no cache
 */
export async function loadCache(file: string): Promise<Cache> {
  const made = await resultOf(await imported(file));
  if (isCache(made)) return made;
  throw new Error(
    `${file} must export a Cache of nestjs-cache-infra, or a function that returns one: export default () => new InMemoryCache()`,
  );
}

async function imported(file: string): Promise<unknown> {
  try {
    return await moduleExport(file, ['cache']);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(file)) {
      throw new Error(
        `${file}: Node ${process.versions.node} does not run TypeScript. Use Node 22.18 or newer, or pass the compiled JavaScript`,
        { cause: error },
      );
    }
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${file} cannot be loaded: ${message}`, { cause: error });
  }
}

/** Checks the methods instead of `instanceof`: the module may load another copy of the library. */
function isCache(value: unknown): value is Cache {
  if (typeof value !== 'object' || value === null) return false;
  return methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
