/** The Redis key of a cache's tag table. No entry can stand there: the keys of entries have a second colon. */
export function tagTableKey(prefix: string): string {
  return tagTableUnder(`${prefix}:`);
}

/** As {@link tagTableKey}, of a prefix with the colon that ends it. */
export function tagTableUnder(prefix: string): string {
  return `${prefix}!tags`;
}

/**
 * The channel on which changes of a tag table are published. `tableKey`: with all that the client puts before it.
 * Channels know no databases (https://redis.io/docs/latest/develop/pubsub/#database--scoping), tables do.
 */
export function tagChannel(tableKey: string, database: number): string {
  return `${tableKey}@${database}`;
}

/** One change of the tag table, as the script that made it published it. */
export interface TagMessage {
  /** The table's epoch before the change: a listener that knows of all up to there misses nothing; 0 = it may. */
  readonly before: number;
  /** The table's epoch after it: that of `tags`, too. */
  readonly latest: number;
  readonly floor: number;
  /** The tags that the change invalidated, as they stand in the table. */
  readonly tags: readonly string[];
}

/** `undefined` for what the script does not publish: anybody may publish on the channel. */
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
 * What tells caches of one prefix that its tag table has reached an epoch: stands beside the table's key in a list
 * of changed keys.
 */
export function tagTableMark(tableKey: string, epoch: number): string {
  return `${tableKey}@${epoch}`;
}

/** The epoch that a list of changed keys says the table has reached; `undefined` when it does not say. */
export function markedEpoch(tableKey: string, redisKeys: readonly string[]): number | undefined {
  const start = `${tableKey}@`;
  const mark = redisKeys.find((redisKey) => redisKey.startsWith(start));
  return mark === undefined ? undefined : Number(mark.slice(start.length));
}
