import type { Redis } from 'ioredis';
import { redisLiteral } from '../../keys/glob.js';
import type { RemoteKeys } from '../remote-tier.js';
import type { RedisConnection } from './connection.js';
import type { RedisExecutor } from './executor.js';

/** Keys that one `SCAN` step visits. */
const scanCount = 1000;

/** Walks the keys in Redis, page by page, on every master of a Cluster. Globs are of Redis's kind. */
export class KeyScan implements RemoteKeys {
  readonly #connection: RedisConnection;
  readonly #executor: RedisExecutor;

  constructor(connection: RedisConnection, executor: RedisExecutor) {
    this.#connection = connection;
    this.#executor = executor;
  }

  /** Hands every key that `glob` finds and `matches` confirms to `visit`, on all servers at once. */
  async scan(
    glob: string,
    matches: (redisKey: string) => boolean,
    visit: (redisKeys: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const scanOne = async (master: Redis): Promise<void> => {
      for await (const keys of this.#pagesOf(master, glob)) {
        const confirmed = keys.filter(matches);
        if (confirmed.length > 0) await visit(confirmed);
      }
    };
    await Promise.all(this.#executor.masters().map(scanOne));
  }

  /** Every key that `glob` finds, one server after the other. A page is read when the caller asks for it. */
  async *pages(glob: string): AsyncGenerator<readonly string[], void> {
    // The masters of a Cluster are known once it is connected.
    if (this.#connection.status !== 'ready') await this.#executor.call('PING', (client) => client.ping());
    for (const master of this.#executor.masters()) yield* this.#pagesOf(master, glob);
  }

  async *#pagesOf(master: Redis, glob: string): AsyncGenerator<readonly string[], void> {
    const { clientPrefix } = this.#connection;
    const pattern = redisLiteral(clientPrefix) + glob;
    let cursor = '0';
    do {
      const from = cursor;
      const [next, keys] = await this.#executor.call('SCAN', () =>
        master.scan(from, 'MATCH', pattern, 'COUNT', scanCount),
      );
      cursor = next;
      // The pattern finds only keys that begin with the prefix.
      yield keys.map((key) => key.slice(clientPrefix.length));
    } while (cursor !== '0');
  }
}
