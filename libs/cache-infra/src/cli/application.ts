import type { ParseArgsConfig } from 'node:util';

import type { SeveralCaches } from '../config/several-caches.js';
import { percentDecoded } from '../keys/namespace.js';
import { ProgressLine } from './look/progress.js';
import { prepareCache } from './open-cache.js';
import type { Output } from './output.js';
import { publishedPrefix } from './top/published-prefix.js';

/** The application that a command looks at. */
export interface ApplicationWanted {
  /** URL of its Redis; undefined = that of the configuration. */
  readonly redis: string | undefined;
  /** Its keyPrefix; undefined = that of the configuration or, with `redis`, the one that a SCAN finds. */
  readonly prefix: string | undefined;
}

/** Flags of {@link ApplicationWanted}. */
export const applicationFlags = {
  redis: { type: 'string' },
  prefix: { type: 'string' },
} satisfies ParseArgsConfig['options'];

/** Help of {@link applicationFlags}. */
export const applicationHelp = `  --redis <url>        the Redis of the application (default: that of the configuration, REDIS_URL)
  --prefix <prefix>    its keyPrefix (default: that of the configuration; with --redis, the one that a SCAN finds)`;

/** A configuration on the server of `redis`. */
export function servedBy(config: SeveralCaches, redis: string | undefined): SeveralCaches {
  if (redis === undefined) return config;
  const server = { redisUrl: redis, redis: undefined, useMemoryCache: undefined };
  return { ...config, ...server };
}

/**
 * The configuration of the wanted application. With `redis` and without `prefix`, the prefix is the one under which an
 * application publishes itself. If none does, it is that of the configuration.
 *
 * @throws ValidationError for an invalid configuration
 * @throws NoFleetError when several applications publish, or Redis has too many keys to find one
 * @throws InfrastructureError when the prefix is searched and Redis does not answer
 */
export async function applicationConfig(
  config: SeveralCaches,
  { redis, prefix }: ApplicationWanted,
  output: Output,
): Promise<SeveralCaches> {
  const served = servedBy(config, redis);
  if (prefix !== undefined) return { ...served, keyPrefix: prefix };
  if (redis === undefined) return served;
  const found = await searched(served, output);
  return found === undefined ? served : { ...served, keyPrefix: percentDecoded(found) };
}

async function searched(served: SeveralCaches, output: Output): Promise<string | undefined> {
  const progress = new ProgressLine(output.progress);
  const cache = prepareCache(served, undefined);
  try {
    await cache.connect();
    return await publishedPrefix(cache, (steps) => {
      progress.show(searching(steps));
    });
  } finally {
    progress.clear();
    await cache.close();
  }
}

/** Progress of the search for a prefix. */
export function searching(steps: number): string {
  return `looking for applications, ${String(steps * 1000)} keys`;
}
