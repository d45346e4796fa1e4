import { redisLiteral } from '../keys/glob.js';
import { fleetKey } from '../tiers/redis/neighbour-keys.js';
import type { RemoteServer } from '../tiers/remote-tier.js';
import { bytesToRead } from './wire.js';

/** Most instances that are read. */
export const mostInstances = 500;

const index = 'index';

const clock = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** The index lives as long as the summary that expires last. */
const expireIndex = `
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - now)) end
`;

/**
 * Publishes a summary. The index is a sorted set of ids by the moment, in milliseconds of the server's clock, at which
 * their summaries expire. So readers need no `SCAN`, and no clock of their own.
 *
 * KEYS[1] = the index, KEYS[2] = the summary.
 * ARGV[1] = the id, ARGV[2] = the milliseconds that the summary lives, ARGV[3] = its bytes.
 */
const publish = `
${clock}
local gone = #redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, 100)
if gone > 0 then redis.call('ZPOPMIN', KEYS[1], gone) end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
redis.call('SET', KEYS[2], string.format('%.0f ', now) .. ARGV[3], 'PX', ARGV[2])
${expireIndex}
return 1
`;

/** Removes a summary and its id. KEYS and ARGV[1] as above. */
const withdraw = `
${clock}
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  redis.call('ZADD', KEYS[1], '-inf', ARGV[1])
  redis.call('ZPOPMIN', KEYS[1], 1)
end
${expireIndex}
redis.call('UNLINK', KEYS[2])
return 1
`;

/** The published summaries of all instances of one key prefix, as bytes in Redis. */
export class FleetStore {
  readonly #server: RemoteServer;
  readonly #prefix: string;

  /** `prefix`: as it stands in Redis. */
  constructor(server: RemoteServer, prefix: string) {
    this.#server = server;
    this.#prefix = prefix;
  }

  /** @throws InfrastructureError when Redis does not take it */
  async publish(id: string, bytes: Buffer, ttlMs: number): Promise<void> {
    const [ids, summary] = this.#keysOf(id);
    await this.#server.call('EVAL of a summary', (client) =>
      client.eval(publish, 2, ids, summary, id, ttlMs, bytes),
    );
  }

  /** @throws InfrastructureError when Redis does not take it */
  async withdraw(id: string): Promise<void> {
    const [ids, summary] = this.#keysOf(id);
    await this.#server.call('EVAL of a summary', (client) => client.eval(withdraw, 2, ids, summary, id));
  }

  /** The ids of the instances, at most 500. */
  async ids(): Promise<string[]> {
    const [ids] = this.#keysOf('');
    return this.#server.call('ZRANGEBYSCORE', (client) =>
      client.zrangebyscore(ids, '-inf', '+inf', 'LIMIT', 0, mostInstances),
    );
  }

  /** The bytes of one summary, cut where they are too many; undefined = it has expired. */
  async read(id: string): Promise<Buffer | undefined> {
    const [, summary] = this.#keysOf(id);
    const bytes = await this.#server.call('GETRANGE', (client) =>
      client.getrangeBuffer(summary, 0, bytesToRead - 1),
    );
    return bytes.length === 0 ? undefined : bytes;
  }

  #keysOf(id: string): readonly [index: string, summary: string] {
    return [fleetKey(this.#prefix, index), fleetKey(this.#prefix, `i:${id}`)];
  }
}

/** Ends the name of the index of every key prefix. */
const indexEnd = fleetKey('', index);

/** Finds the indexes of all key prefixes. A glob of Redis. */
export const indexGlob = `*${redisLiteral(indexEnd)}`;

/** The key prefix of an index; undefined for any other key. */
export function prefixOfIndex(redisKey: string): string | undefined {
  return redisKey.endsWith(indexEnd) ? redisKey.slice(0, -indexEnd.length) : undefined;
}
