// An instance of the soak in a process of its own, with the built library: the calls of the fault drill, and a service.
import '../../scripts/lib/typescript.mjs';

import { RedisCache } from 'nestjs-cache-infra';

import { Service } from './service.mjs';

const { InstanceHost } = await import('../faults/host.ts');

const values = new Map();
const database = {
  read: async (key) => values.get(key),
  write: async (value) => void values.set(value.key, value),
};

class SoakInstance extends InstanceHost {
  #service = new Service();

  constructor(name) {
    super(name, (options) => new RedisCache(options), database, true);
  }

  async open(options, plan) {
    await super.open(options, plan);
    await this.#service.open({ ...options, keyPrefix: 'soak' });
  }

  async start() {
    await super.start();
    this.#service.start();
  }

  async stop() {
    await this.#service.stop();
    await super.stop();
  }

  async close() {
    await this.#service.close();
    return super.close();
  }

  async service() {
    return this.#service.report();
  }

  /** Megabytes of the heap after a collection, to two digits. */
  async heap() {
    globalThis.gc();
    globalThis.gc();
    return Math.round((process.memoryUsage().heapUsed / 2 ** 20) * 100) / 100;
  }

  /** Kinds of handles that keep the process, without the channel to its parent. */
  async handles() {
    return process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap');
  }
}

const host = new SoakInstance(process.argv[2]);
process.on('message', async ({ id, method, args }) => {
  try {
    process.send({ id, result: await host[method](...args) });
  } catch (error) {
    process.send({ id, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
