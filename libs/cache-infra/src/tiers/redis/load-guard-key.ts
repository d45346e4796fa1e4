/**
 * The Redis key of the guard that protects loads of an entry: `<prefix>:!f:{<hash tag>}<entry's key>`. The guard shares
 * the entry's slot, so that one script may touch both in a Cluster: its hash tag is the one of the entry's key, or the
 * whole key where that has none (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags).
 *
 * The client puts `clientPrefix` before both keys: the prefix counts for the slot of the entry, too.
 *
 * A key with `}` but without a hash tag cannot become a hash tag: `redisKey` digests such keys.
 */
export function loadGuardKey(prefix: string, redisKey: string, clientPrefix = ''): string {
  return besides(loadGuardPrefix(prefix), redisKey, clientPrefix);
}

/**
 * The Redis key of the tombstone that records when an entry was deleted: `<prefix>:!d:{<hash tag>}<entry's key>`, as
 * for a guard.
 */
export function tombstoneKey(prefix: string, redisKey: string, clientPrefix = ''): string {
  return besides(tombstonePrefix(prefix), redisKey, clientPrefix);
}

/** The prefix of all tombstones of a cache. */
export function tombstonePrefix(prefix: string): string {
  return `${prefix}:!d:`;
}

function besides(start: string, redisKey: string, clientPrefix: string): string {
  const hashed = clientPrefix + redisKey;
  return `${start}{${hashTag(hashed) ?? hashed}}${redisKey}`;
}

/** The prefix of all guard keys of a cache. */
export function loadGuardPrefix(prefix: string): string {
  return `${prefix}:!f:`;
}

/** The key of the entry that a guard protects; undefined for a key that is no guard. */
export function guardedKey(prefix: string, key: string): string | undefined {
  return entryBeside(`${loadGuardPrefix(prefix)}{`, key);
}

/** The key of the entry whose delete a tombstone records; undefined for a key that is no tombstone. */
export function tombstoneFor(prefix: string, key: string): string | undefined {
  return entryBeside(`${tombstonePrefix(prefix)}{`, key);
}

function entryBeside(start: string, key: string): string | undefined {
  if (!key.startsWith(start)) return undefined;
  const end = key.indexOf('}', start.length);
  return end === -1 ? undefined : key.slice(end + 1);
}

/** The part of a key that Redis Cluster hashes: the content of the first `{…}`, unless that is empty. */
export function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  if (open === -1) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}
