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
  /**
   * Holds the writes of the master back, for 20 s at most, and waits until both replicas have all that it has. Returns
   * this master.
   */
  quiesce(): Promise<RedisNodeProcess>;
  /**
   * Has the Sentinels promote a replica although the master lives, waits until it takes writes, and demotes the master.
   */
  switchOver(from: RedisNodeProcess): Promise<void>;
  /** Starts a killed server again, empty, on its port, and waits until it is in step with the master. */
  restart(killed: RedisNodeProcess): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const name = 'mymaster';

/** Sentinels do nothing for 30 s after a busy machine has held them up ("tilt"). */
const sentinelsWithinMs = 120_000;

export interface SentinelSetupOptions {
  /**
   * Milliseconds without an answer after which a Sentinel takes the master for dead. Default 1000. A busy machine can
   * hold a master up for longer.
   */
  readonly downAfterMs?: number | undefined;
}

export async function startSentinelSetup({
  downAfterMs = 1000,
}: SentinelSetupOptions = {}): Promise<SentinelSetup> {
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
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
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
    /** The master may change meanwhile: a busy one counts as dead. */
    const allLinked = (): Promise<void> =>
      until(
        async () => (await linked(await master())) === servers.length - 1,
        'both replicas to be linked',
        sentinelsWithinMs,
      );
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
          sentinelsWithinMs,
        );
        return master();
      },
      quiesce: async () => {
        // A master that was demoted by a failover becomes a replica some seconds later.
        await allLinked();
        const now = await master();
        const { admin } = now;
        await admin.call('CLIENT', 'PAUSE', '20000', 'WRITE');
        await until(
          async () => {
            const offsets = (await admin.info('replication')).match(/(?<=offset[=:])\d+/g) ?? [];
            return offsets.length >= 3 && new Set(offsets.slice(0, 3)).size === 1;
          },
          'both replicas to be in step',
          10_000,
        );
        return now;
      },
      switchOver: async (from) => {
        const [asked] = sentinels;
        await until(
          async () => {
            // Refused while an earlier failover ends; one that began may be given up, and is asked for again.
            await asked?.admin.call('SENTINEL', 'FAILOVER', name).catch(() => undefined);
            const giveUp = performance.now() + 5000;
            while (performance.now() < giveUp) {
              const now = await master();
              if (now !== from && (await now.admin.info('replication')).includes('role:master')) return true;
              await new Promise((resolve) => setTimeout(resolve, 50));
            }
            return false;
          },
          'the failover that was asked for',
          sentinelsWithinMs,
        );
        // The Sentinels demote it after some seconds, and a pause of writes holds their commands back, too.
        const { host, port } = await master();
        await from.admin.call('REPLICAOF', host, String(port));
        await from.admin.call('CLIENT', 'UNPAUSE');
      },
      restart: async (killed) => {
        await killed.end();
        const now = await master();
        const config = [...data, `replicaof ${now.host} ${now.port}`];
        const started = await startRedisNode({ config, port: killed.port });
        servers[servers.indexOf(killed)] = started;
        running[running.indexOf(killed)] = started;
        await allLinked();
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
