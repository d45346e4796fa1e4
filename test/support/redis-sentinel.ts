import { startRedisNode, type RedisNodeProcess } from './redis-processes.js';
import { until } from './until.js';

/** A master with two replicas, and three Sentinels that watch it. */
export interface SentinelSetup {
  readonly name: string;
  readonly sentinels: { host: string; port: number }[];
  /** Who is the master now, as the Sentinels say. */
  master(): Promise<RedisNodeProcess>;
  /** The servers, whatever their role. */
  readonly servers: readonly RedisNodeProcess[];
  /** Waits until the Sentinels name another master than this one, and that takes writes. */
  failedOver(from: RedisNodeProcess): Promise<RedisNodeProcess>;
  [Symbol.asyncDispose](): Promise<void>;
}

const name = 'mymaster';

export async function startSentinelSetup(): Promise<SentinelSetup> {
  const running: RedisNodeProcess[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.end()));
  };
  try {
    const data = ['repl-diskless-sync yes', 'repl-diskless-sync-delay 0'];
    const first = await startRedisNode({ config: data });
    running.push(first);
    const replicas = await Promise.all(
      [1, 2].map(() => startRedisNode({ config: [...data, `replicaof ${first.host} ${first.port}`] })),
    );
    running.push(...replicas);
    const servers = [first, ...replicas];
    await until(async () => (await linked(first)) === 2, 'both replicas to be in step', 15_000);

    const config = [
      `sentinel monitor ${name} ${first.host} ${first.port} 2`,
      `sentinel down-after-milliseconds ${name} 1000`,
      `sentinel failover-timeout ${name} 3000`,
      `sentinel parallel-syncs ${name} 2`,
    ];
    const sentinels = await Promise.all([1, 2, 3].map(() => startRedisNode({ config, sentinel: true })));
    running.push(...sentinels);
    await until(
      async () => (await Promise.all(sentinels.map(knowsAll))).every(Boolean),
      'the Sentinels',
      15_000,
    );

    const master = async (): Promise<RedisNodeProcess> => {
      for (const sentinel of sentinels) {
        const address = await sentinel.admin
          .call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
          .catch(() => null);
        const found = servers.find((each) => Array.isArray(address) && each.port === Number(address[1]));
        if (found !== undefined) return found;
      }
      throw new Error('no Sentinel knows a master');
    };
    return {
      name,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
      servers,
      master,
      failedOver: async (from) => {
        await until(
          async () => {
            const now = await master();
            return now !== from && (await now.admin.info('replication')).includes('role:master');
          },
          'the failover',
          20_000,
        );
        return master();
      },
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** How many replicas the master says are in step. */
async function linked(master: RedisNodeProcess): Promise<number> {
  return (await master.admin.info('replication')).match(/state=online/g)?.length ?? 0;
}

/** A Sentinel that knows the replicas and the other Sentinels can take part in a failover. */
async function knowsAll(sentinel: RedisNodeProcess): Promise<boolean> {
  const reply = await sentinel.admin.call('SENTINEL', 'MASTER', name);
  const fields = Array.isArray(reply)
    ? reply.map(String)
    : Object.entries(reply as object)
        .flat()
        .map(String);
  const field = (key: string): string | undefined => fields[fields.indexOf(key) + 1];
  return field('num-slaves') === '2' && field('num-other-sentinels') === '2' && field('flags') === 'master';
}
