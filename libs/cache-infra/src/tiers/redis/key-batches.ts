import calculateSlot from 'cluster-key-slot';
import { isCluster } from './client.js';
import type { RedisConnection } from './connection.js';

/** Keys of one `MGET` or `UNLINK`: many, but not so many that one command blocks Redis for long. */
const keysPerCommand = 500;

/**
 * Splits keys into batches that one command may name: at most `size` keys, and in a Cluster all of one slot
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#implemented-subset).
 */
export function keyBatches(
  { client, clientPrefix }: RedisConnection,
  redisKeys: readonly string[],
  size = keysPerCommand,
): readonly (readonly string[])[] {
  if (!isCluster(client)) return chunks(redisKeys, size);
  const bySlot = new Map<number, string[]>();
  for (const key of redisKeys) {
    const slot = calculateSlot(clientPrefix + key);
    const keys = bySlot.get(slot);
    if (keys === undefined) bySlot.set(slot, [key]);
    else keys.push(key);
  }
  return [...bySlot.values()].flatMap((keys) => chunks(keys, size));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const all: T[][] = [];
  for (let i = 0; i < items.length; i += size) all.push(items.slice(i, i + size));
  return all;
}
