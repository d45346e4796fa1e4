import { afterAll, beforeAll, describe, it } from '@jest/globals';

import { startCluster } from '../support/redis-cluster.js';
import { startSentinelSetup } from '../support/redis-sentinel.js';
import { drill, pause } from './drill.js';
import { expectSurvived, faultTable } from './fault-table.js';
import { startInstances, type Instances } from './instances.js';

const record = faultTable('topology');
let instances: Instances;

beforeAll(async () => {
  instances = await startInstances();
}, 120_000);
afterAll(() => instances.end());

describe('guarantees 5 and 13: Sentinel', () => {
  it('kill -9 of the master', async () => {
    await using setup = await startSentinelSetup();
    const options = { redis: { sentinels: setup.sentinels, sentinelName: setup.name }, l1CacheSize: 500 };
    const outcome = await drill({
      fault: 'Sentinel failover after kill -9 of the master',
      instances: instances.all,
      optionsFor: () => options,
      direct: options,
      strike: async () => {
        const master = await setup.master();
        master.kill();
        await setup.failedOver(master);
      },
    });
    record(outcome);
    expectSurvived(outcome);
  }, 60_000);
});

describe('guarantees 5 and 13: Cluster', () => {
  it('kill -9 of a master', async () => {
    await using setup = await startCluster();
    const options = { redis: { nodes: setup.nodes }, l1CacheSize: 500 };
    const outcome = await drill({
      fault: 'Cluster failover after kill -9 of a master',
      instances: instances.all,
      optionsFor: () => options,
      direct: options,
      strike: async () => {
        const [master] = await setup.masters();
        master?.kill();
        // The others call it dead after `cluster-node-timeout`, and until then it looks healthy.
        await pause(1200);
        await setup.healthy();
      },
    });
    record(outcome);
    expectSurvived(outcome);
  }, 60_000);

  it('slots migrated under load', async () => {
    await using setup = await startCluster();
    const options = { redis: { nodes: setup.nodes }, l1CacheSize: 500 };
    const outcome = await drill({
      fault: 'Cluster slots migrated under load',
      instances: instances.all,
      optionsFor: () => options,
      direct: options,
      strike: async () => {
        const [from, to] = await setup.masters();
        if (from === undefined || to === undefined) throw new Error('a Cluster has masters');
        const keys = await from.admin.keys('*');
        const slots = new Set(await Promise.all(keys.map((key) => from.admin.cluster('KEYSLOT', key))));
        for (const slot of slots) await setup.moveSlot(slot, from, to);
        for (const slot of slots) await setup.moveSlot(slot, to, from);
        await setup.healthy();
      },
    });
    record(outcome);
    expectSurvived(outcome);
  }, 60_000);
});
