import { encodedPrefix, redisKey } from '../../keys/namespace.js';

/** The Redis key of a lock of a namespace: `<prefix>:!l:<path>:<name>`. No entry can have this key. */
export function lockKey(prefix: string, path: string, name: string): string {
  return redisKey(lockSpace(prefix), path, name);
}

/** The Redis key of the hits that count towards a rate limit: `<prefix>:!r:<path>:<limiter>:<key>`. */
export function hitsKey(prefix: string, path: string, limiter: string, key: string): string {
  return redisKey(hitsSpace(prefix), path, `${encodedPrefix(limiter)}:${key}`);
}

/**
 * A Redis key of what instances publish about themselves: `<prefix>:!f:{fleet}:<name>`. All keys of a prefix share a
 * slot of a Cluster: by the hash tag of the prefix, else by that of the name. No entry can have this key.
 */
export function fleetKey(prefix: string, name: string): string {
  return `${fleetSpace(prefix)}:{fleet}:${name}`;
}

/** True for locks, hits and published summaries: they belong to the cache, and no `clear` removes them. */
export function isNeighbourKey(prefix: string, redisKey: string): boolean {
  return (
    redisKey.startsWith(`${lockSpace(prefix)}:`) ||
    redisKey.startsWith(`${hitsSpace(prefix)}:`) ||
    redisKey.startsWith(`${fleetSpace(prefix)}:`)
  );
}

function lockSpace(prefix: string): string {
  return `${prefix}:!l`;
}

function hitsSpace(prefix: string): string {
  return `${prefix}:!r`;
}

function fleetSpace(prefix: string): string {
  return `${prefix}:!f`;
}
