import type { EntryMeta } from '../../codec/codec.js';
import { hasZstd } from '../../codec/compression.js';
import {
  algorithmFlag,
  encryptedFlag,
  formatVersion,
  headerBytes,
  knownFlags,
  readHeader,
  tagsFlag,
} from '../../codec/header.js';
import type { RemoteTier } from '../remote-tier.js';
import { failureKind } from './errors.js';
import type { RedisExecutor } from './executor.js';

/** Bytes that are read of an entry: its header, and the tags of most entries. */
const headBytes = 256;

/** What the first bytes of an entry tell; `whole` = the whole entry must be read. */
type Head = EntryMeta | undefined | 'whole';

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

  async #head(redisKey: string): Promise<Head> {
    try {
      const get = this.#executor.call('GETRANGE', (client) =>
        client.getrangeBuffer(redisKey, 0, headBytes - 1),
      );
      return headOf(await get);
    } catch (error) {
      const kind = failureKind(error);
      // A key of another type holds no entry.
      if (kind === 'wrongtype') return undefined;
      if (kind === 'permission') return 'whole';
      throw error;
    }
  }
}

function headOf(bytes: Buffer): Head {
  if (bytes.length === 0) return undefined;
  const flags = bytes[1] ?? 0;
  const isReadable = bytes.length >= headerBytes && bytes[0] === formatVersion && (flags & ~knownFlags) === 0;
  if (!isReadable) return 'whole';
  // The tags of an encrypted entry are encrypted, too.
  if ((flags & tagsFlag) !== 0 && (flags & encryptedFlag) !== 0) return 'whole';
  // This process may lack the algorithm: then the entry is a miss, which only its payload tells.
  if ((flags & algorithmFlag) !== 0 && !hasZstd) return 'whole';
  return readHeader(bytes)?.meta ?? 'whole';
}
