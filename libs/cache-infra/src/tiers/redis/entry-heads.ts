import type { EntryMeta } from '../../codec/codec.js';
import { metaOf } from '../../codec/entry-head.js';
import type { RemoteTier } from '../remote-tier.js';
import { failureKind } from './errors.js';
import type { RedisExecutor } from './executor.js';

/** Bytes that are read of an entry: its header, and the tags of most entries. */
const headBytes = 256;

/** Reads the metadata of entries from their first bytes. */
export class EntryHeads {
  readonly #executor: RedisExecutor;
  readonly #readMany: RemoteTier['readMany'];

  constructor(executor: RedisExecutor, readMany: RemoteTier['readMany']) {
    this.#executor = executor;
    this.#readMany = readMany;
  }

  /** In the order of `redisKeys`; undefined = no entry. */
  async readMeta(redisKeys: readonly string[]): Promise<(EntryMeta | undefined)[]> {
    const heads = await Promise.all(redisKeys.map((redisKey) => this.#head(redisKey)));
    const inWhole = redisKeys.filter((_, i) => heads[i] === 'whole');
    const entries = inWhole.length === 0 ? [] : await this.#readMany(inWhole);
    let next = 0;
    const metas = heads.map(async (head) => (head === 'whole' ? (await entries[next++])?.meta : head));
    return Promise.all(metas);
  }

  async #head(redisKey: string): Promise<EntryMeta | undefined | 'whole'> {
    try {
      const get = this.#executor.call('GETRANGE', (client) =>
        client.getrangeBuffer(redisKey, 0, headBytes - 1),
      );
      return metaOf(await get);
    } catch (error) {
      const kind = failureKind(error);
      // A key of another type holds no entry.
      if (kind === 'wrongtype') return undefined;
      if (kind === 'permission') return 'whole';
      throw error;
    }
  }
}
