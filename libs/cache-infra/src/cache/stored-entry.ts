import type { DecodeFailure, EntryMeta } from '../codec/entry.js';
import { compressedFlag, encryptedFlag, formatVersion } from '../codec/header.js';
import { namespacePath, rootPath } from '../keys/namespace.js';
import type { Cache } from './contract/cache.js';
import { Keyspace } from './entry/keyspace.js';
import type { RedisCache } from './redis-cache.js';
import { engineOf } from './tiered-cache.js';

/** What Redis holds under a key, and what a reader gets of it. */
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
  readonly isCompressed: boolean;
  readonly isEncrypted: boolean;
}

/** Times in seconds. A reader gets a value of a fresh entry only. */
export type Life =
  | { readonly state: 'fresh'; readonly left: number }
  | { readonly state: 'stale'; readonly graceLeft: number }
  | { readonly state: 'expired' }
  /** By one of its tags. */
  | { readonly state: 'invalidated' };

/**
 * Looks at an entry and changes nothing; undefined when the cache keeps nothing in Redis.
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

  const stored = { redisKey, ...bytesOf(bytes) };
  // Not by the tier, which removes what it cannot read.
  const entry = await l2.codec.decode(bytes, name);
  if (!entry.ok) return { kind: 'unreadable', ...stored, reason: entry.reason };
  const { value, meta } = entry;
  const keyspace = namespaces.reduce<Cache>((outer, inner) => outer.namespace(inner), cache);
  const life = lifeOf(meta, await keyspace.ttl(key), l2.clock.now());
  return { kind: 'entry', ...stored, value, meta, life, formatVersion };
}

function bytesOf(bytes: Buffer): StoredBytes {
  const flags = bytes[1] ?? 0;
  return {
    bytes: bytes.length,
    isCompressed: (flags & compressedFlag) !== 0,
    isEncrypted: (flags & encryptedFlag) !== 0,
  };
}

function lifeOf({ stamp, ttlMs, graceMs }: EntryMeta, left: number | undefined, now: number): Life {
  if (left !== undefined) return { state: 'fresh', left };
  const end = stamp + ttlMs;
  if (ttlMs === 0 || end > now) return { state: 'invalidated' };
  const graceLeft = Math.ceil((end + graceMs - now) / 1000);
  return graceLeft > 0 ? { state: 'stale', graceLeft } : { state: 'expired' };
}
