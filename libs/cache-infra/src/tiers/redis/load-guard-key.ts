/**
 * The Redis key of what protects loads of an entry: `<prefix>:!f:{<hash tag>}<entry's key>`. It shares the entry's slot, so that one
 * script may touch both in a Cluster (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags):
 * the entry's own hash tag comes first, or the whole key where it has none.
 *
 * `clientPrefix` is what the client puts before both of them: it counts for the entry's slot, too.
 *
 * A key with `}` but without a hash tag cannot be named so; `redisKey` digests those.
 */
export function loadGuardKey(prefix: string, redisKey: string, clientPrefix = ''): string {
  return besides(loadGuardPrefix(prefix), redisKey, clientPrefix);
}

/** The Redis key that remembers when an entry was deleted: `<prefix>:!d:{<hash tag>}<entry's key>`, named as a guard is. */
export function tombstoneKey(prefix: string, redisKey: string, clientPrefix = ''): string {
  return besides(tombstonePrefix(prefix), redisKey, clientPrefix);
}

/** What all tombstones of a cache begin with. */
export function tombstonePrefix(prefix: string): string {
  return `${prefix}:!d:`;
}

function besides(start: string, redisKey: string, clientPrefix: string): string {
  const hashed = clientPrefix + redisKey;
  return `${start}{${hashTag(hashed) ?? hashed}}${redisKey}`;
}

/** What all guard keys of a cache begin with. */
export function loadGuardPrefix(prefix: string): string {
  return `${prefix}:!f:`;
}

/** The entry's key behind a guard key; undefined for any other key. */
export function guardedKey(prefix: string, key: string): string | undefined {
  const start = `${loadGuardPrefix(prefix)}{`;
  if (!key.startsWith(start)) return undefined;
  const end = key.indexOf('}', start.length);
  return end === -1 ? undefined : key.slice(end + 1);
}

/** What Redis Cluster hashes of a key that has `{…}` with something inside. */
export function hashTag(key: string): string | undefined {
  const open = key.indexOf('{');
  if (open === -1) return undefined;
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : undefined;
}
