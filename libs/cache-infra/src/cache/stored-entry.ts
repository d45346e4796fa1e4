import { encodingOf, type Encoding } from '../codec/encoding.js';
import type { DecodeFailure, EntryMeta } from '../codec/entry.js';
import { formatVersion } from '../codec/header.js';
import { namespacePath, rootPath } from '../keys/namespace.js';
import type { Cache } from './contract/cache.js';
import { Keyspace } from './entry/keyspace.js';
import type { RedisCache } from './redis-cache.js';
import { engineOf } from './tiered-cache.js';

/** The entry that Redis holds under a key, decoded. */
export type StoredEntry = {
  readonly redisKey: string;
} & (
  | { readonly kind: 'absent' }
  | ({ readonly kind: 'unreadable'; readonly reason: DecodeFailure } & StoredBytes)
  | ({
      readonly kind: 'entry';
      readonly value: unknown;
      readonly meta: EntryMeta;
      readonly life: Life;
      readonly formatVersion: number;
    } & StoredBytes)
);

interface StoredBytes {
  readonly bytes: number;
  /** `undefined` for bytes that are no entry of this release. */
  readonly encoding: Encoding | undefined;
}

/** State of an entry, times in seconds. Only a fresh entry is a hit. */
export type Life =
  | { readonly state: 'fresh'; readonly left: number }
  | { readonly state: 'stale'; readonly graceLeft: number }
  | { readonly state: 'expired' }
  /** One of its tags was invalidated or expired. */
  | { readonly state: 'invalidated' };

/**
 * Reads an entry from Redis and changes nothing; undefined = the cache has no L2.
 *
 * @param namespaces from the outermost to the innermost
 * @throws InfrastructureError when Redis does not answer
 */
export async function storedEntry(
  cache: RedisCache,
  namespaces: readonly string[],
  key: string,
): Promise<StoredEntry | undefined> {
  const { l2, keyPrefix } = engineOf(cache);
  if (l2 === undefined) return undefined;
  const name = new Keyspace(keyPrefix, namespaces.reduce(namespacePath, rootPath)).redisKey(key);
  const redisKey = l2.link.clientPrefix + name;
  const bytes = await l2.server.call('GET', (client) => client.getBuffer(name));
  if (bytes === null) return { kind: 'absent', redisKey };

  const stored = { redisKey, bytes: bytes.length, encoding: encodingOf(bytes) };
  // Decode it here: the tier would remove an unreadable entry.
  const entry = await l2.codec.decode(bytes, name);
  if (!entry.ok) return { kind: 'unreadable', ...stored, reason: entry.reason };
  const { value, meta } = entry;
  const keyspace = namespaces.reduce<Cache>((outer, inner) => outer.namespace(inner), cache);
  const life = lifeOf(meta, await keyspace.ttl(key), l2.clock.now());
  return { kind: 'entry', ...stored, value, meta, life, formatVersion };
}

function lifeOf({ stamp, ttlMs, graceMs }: EntryMeta, left: number | undefined, now: number): Life {
  if (left !== undefined) return { state: 'fresh', left };
  const end = stamp + ttlMs;
  if (ttlMs === 0 || end > now) return { state: 'invalidated' };
  const graceLeft = Math.ceil((end + graceMs - now) / 1000);
  return graceLeft > 0 ? { state: 'stale', graceLeft } : { state: 'expired' };
}
