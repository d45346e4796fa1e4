import { startRedisNode, type RedisNodeProcess } from './redis-processes.js';
import { until } from './until.js';

/** Three masters, each with a replica. */
export interface RedisClusterSetup {
  /** Some nodes to begin with. */
  readonly nodes: { host: string; port: number }[];
  readonly processes: readonly RedisNodeProcess[];
  /** The masters that are up now. */
  masters(): Promise<RedisNodeProcess[]>;
  /** Waits until all slots are served again, as every node that is up sees it. */
  healthy(): Promise<void>;
  /** Moves a slot and its keys from one master to another, as `redis-cli --cluster reshard` does. */
  moveSlot(slot: number, from: RedisNodeProcess, to: RedisNodeProcess): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const slots = 16_384;
const masterCount = 3;

export async function startCluster(): Promise<RedisClusterSetup> {
  const config = [
    'cluster-enabled yes',
    'cluster-config-file nodes.conf',
    'cluster-node-timeout 1000',
    'cluster-replica-validity-factor 0',
    'cluster-allow-replica-migration no',
    'repl-diskless-sync yes',
    'repl-diskless-sync-delay 0',
  ];
  const started = await Promise.allSettled(
    Array.from({ length: masterCount * 2 }, () => startRedisNode({ config })),
  );
  const processes = started.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const end = async (): Promise<void> => {
    await Promise.all(processes.map((each) => each.end()));
  };
  try {
    for (const each of started) if (each.status === 'rejected') throw each.reason;
    await join(processes);
  } catch (error) {
    await end();
    throw error;
  }

  const up = (): RedisNodeProcess[] => processes.filter(({ alive }) => alive);
  return {
    processes,
    nodes: processes.map(({ host, port }) => ({ host, port })),
    masters: async () => {
      const roles = await Promise.all(up().map(async (each) => [each, await isMaster(each)] as const));
      return roles.flatMap(([each, master]) => (master ? each : []));
    },
    healthy: () => untilHealthy(up),
    moveSlot,
    [Symbol.asyncDispose]: end,
  };
}

async function join(processes: readonly RedisNodeProcess[]): Promise<void> {
  const [first, ...others] = processes as [RedisNodeProcess, ...RedisNodeProcess[]];
  const masters = processes.slice(0, masterCount);
  await Promise.all(
    masters.map(({ admin }, i) => {
      const from = Math.floor((slots * i) / masterCount);
      return admin.cluster('ADDSLOTSRANGE', from, Math.floor((slots * (i + 1)) / masterCount) - 1);
    }),
  );
  // Nodes that come up with the same epoch quarrel about it first.
  await Promise.all(processes.map(({ admin }, i) => admin.cluster('SET-CONFIG-EPOCH', i + 1)));
  await Promise.all(others.map(({ host, port }) => first.admin.cluster('MEET', host, port)));
  const known = async ({ admin }: RedisNodeProcess): Promise<boolean> =>
    (await nodeLines(admin)).filter((line) => !line.includes('handshake')).length === processes.length;
  await until(
    async () => (await Promise.all(processes.map(known))).every(Boolean),
    'the nodes to meet',
    15_000,
  );
  await Promise.all(
    processes.slice(masterCount).map(async ({ admin }, i) => {
      const master = masters[i] as RedisNodeProcess;
      await admin.cluster('REPLICATE', await idOf(master));
    }),
  );
  await untilHealthy(() => [...processes]);
  const inStep = async ({ admin }: RedisNodeProcess): Promise<boolean> =>
    (await admin.info('replication')).includes('master_link_status:up');
  const replicas = processes.slice(masterCount);
  await until(async () => (await Promise.all(replicas.map(inStep))).every(Boolean), 'the replicas', 15_000);
  // A replica takes part in a failover only once its master knows it as such.
  const counted = async ({ admin }: RedisNodeProcess): Promise<boolean> =>
    (await nodeLines(admin)).filter((line) => line.includes('slave')).length === replicas.length;
  await until(async () => (await Promise.all(processes.map(counted))).every(Boolean), 'the roles', 15_000);
}

async function untilHealthy(up: () => readonly RedisNodeProcess[]): Promise<void> {
  const ok = async ({ admin }: RedisNodeProcess): Promise<boolean> => {
    const info = await admin.cluster('INFO').catch(() => '');
    return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`);
  };
  await until(async () => (await Promise.all(up().map(ok))).every(Boolean), 'the Cluster', 20_000);
}

async function moveSlot(slot: number, from: RedisNodeProcess, to: RedisNodeProcess): Promise<void> {
  const [source, target] = await Promise.all([idOf(from), idOf(to)]);
  await to.admin.cluster('SETSLOT', slot, 'IMPORTING', source);
  await from.admin.cluster('SETSLOT', slot, 'MIGRATING', target);
  for (;;) {
    const keys = await from.admin.cluster('GETKEYSINSLOT', slot, 10);
    if (keys.length === 0) break;
    await from.admin.call('MIGRATE', to.host, to.port, '', 0, 5000, 'KEYS', ...keys);
  }
  await to.admin.cluster('SETSLOT', slot, 'NODE', target);
  await from.admin.cluster('SETSLOT', slot, 'NODE', target);
}

async function nodeLines(admin: RedisNodeProcess['admin']): Promise<string[]> {
  const text = String(await admin.cluster('NODES'));
  return text.trim().split('\n');
}

async function isMaster({ admin }: RedisNodeProcess): Promise<boolean> {
  return (await admin.info('replication')).includes('role:master');
}

async function idOf({ admin }: RedisNodeProcess): Promise<string> {
  return admin.cluster('MYID');
}
