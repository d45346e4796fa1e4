import { encodingOf, type Encoding } from '../codec/encoding.js';
import type { DecodeFailure, EntryMeta } from '../codec/entry.js';
import { formatVersion } from '../codec/header.js';
import { namespacePath, rootPath } from '../keys/namespace.js';
import type { Engine } from './engine.js';
import { stateOf } from './entry/freshness.js';
import { Keyspace } from './entry/keyspace.js';
import { decodedEntry } from './entry/l1-entries.js';
import { engineOf, type TieredCache } from './tiered-cache.js';

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
  cache: TieredCache,
  namespaces: readonly string[],
  key: string,
): Promise<StoredEntry | undefined> {
  const engine = engineOf(cache);
  const { l2, keyPrefix } = engine;
  if (l2 === undefined) return undefined;
  const keyspace = new Keyspace(keyPrefix, namespaces.reduce(namespacePath, rootPath));
  const name = keyspace.redisKey(key);
  const redisKey = l2.link.clientPrefix + name;
  const bytes = await l2.server.call('GET', (client) => client.getBuffer(name));
  if (bytes === null) return { kind: 'absent', redisKey };

  const stored = { redisKey, bytes: bytes.length, encoding: encodingOf(bytes) };
  // Decode it here: the tier would remove an unreadable entry.
  const entry = await l2.codec.decode(bytes, name);
  if (!entry.ok) return { kind: 'unreadable', ...stored, reason: entry.reason };
  const { value, meta } = entry;
  const life = await lifeOf(engine, keyspace, meta);
  return { kind: 'entry', ...stored, value, meta, life, formatVersion };
}

/** Judges the entry as a read would, and neither counts it nor puts it into the L1. */
async function lifeOf({ l2, tags, clock }: Engine, keyspace: Keyspace, meta: EntryMeta): Promise<Life> {
  if (l2?.clock.isKnown === false) await l2.clock.learn();
  if (meta.tags !== undefined) await tags.pullUpTo(meta.tagEpoch, tags.pull());
  const now = clock.now();
  const entry = decodedEntry(
    keyspace,
    undefined,
    meta,
    undefined,
    l2?.clock.of(now) ?? now,
    now,
    true,
    undefined,
  );
  const { expiresAt, staleUntil } = entry;
  switch (stateOf(entry, now, tags.table)) {
    case 'fresh':
      return { state: 'fresh', left: secondsTo(expiresAt, now) };
    case 'stale':
      return { state: 'stale', graceLeft: secondsTo(staleUntil, now) };
    case 'dead':
      return { state: now < staleUntil ? 'invalidated' : 'expired' };
  }
}

function secondsTo(moment: number, now: number): number {
  return Math.ceil((moment - now) / 1000);
}
