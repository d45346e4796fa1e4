/** The Redis key of a cache's tag table. No entry has this key: the keys of entries have a second colon. */
export function tagTableKey(prefix: string): string {
  return tagTableUnder(`${prefix}:`);
}

/** As {@link tagTableKey}, for a prefix that includes its final colon. */
export function tagTableUnder(prefix: string): string {
  return `${prefix}!tags`;
}

/**
 * The channel on which changes of a tag table are published. `tableKey` includes the client's prefix. The name carries
 * the database, since channels are shared by all databases
 * (https://redis.io/docs/latest/develop/pubsub/#database--scoping).
 */
export function tagChannel(tableKey: string, database: number): string {
  return `${tableKey}@${database}`;
}

/** One change of the tag table, as its script publishes it. */
export interface TagMessage {
  /** The table's epoch before the change: a listener that knows the table up to it has no gap. 0 = unknown. */
  readonly before: number;
  /** The table's epoch after the change, and the epoch of `tags`. */
  readonly latest: number;
  readonly floor: number;
  /** The invalidated tags, as the table names them. */
  readonly tags: readonly string[];
}

/** `undefined` for a message that the script does not publish: other clients may publish on the channel, too. */
export function parseTagMessage(bytes: Buffer): TagMessage | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || parsed.length < 3 || !parsed.every((part) => typeof part === 'string'))
    return undefined;
  const [before, latest, floor, ...tags] = parsed;
  const message = { before: Number(before), latest: Number(latest), floor: Number(floor), tags };
  const epochs = [message.before, message.latest, message.floor];
  return epochs.every((epoch) => Number.isSafeInteger(epoch) && epoch >= 0) ? message : undefined;
}

/**
 * A mark in a list of changed keys, beside the table's key: it announces to caches of one prefix the epoch that their
 * tag table has reached.
 */
export function tagTableMark(tableKey: string, epoch: number): string {
  return `${tableKey}@${epoch}`;
}

/** The epoch of the mark in a list of changed keys; `undefined` when the list has none. */
export function markedEpoch(tableKey: string, redisKeys: readonly string[]): number | undefined {
  const start = `${tableKey}@`;
  const mark = redisKeys.find((redisKey) => redisKey.startsWith(start));
  return mark === undefined ? undefined : Number(mark.slice(start.length));
}
