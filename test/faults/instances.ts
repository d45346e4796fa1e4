import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { root } from '../support/repository.js';
import { buildLibrary } from './build-library.js';
import { InstanceHost, type Instance } from './host.js';
import type { Database, Versioned } from './workload.js';

type Message =
  | { kind: 'ready' }
  | { kind: 'result'; id: number; result?: unknown; error?: string }
  | { kind: 'database'; id: number; method: 'read'; argument: string }
  | { kind: 'database'; id: number; method: 'write'; argument: Versioned };

/** In memory, and never at fault. */
class MemoryDatabase implements Database {
  readonly #values = new Map<string, Versioned>();

  async read(key: string): Promise<Versioned | undefined> {
    return this.#values.get(key);
  }

  async write(value: Versioned): Promise<void> {
    this.#values.set(value.key, value);
  }

  clear(): void {
    this.#values.clear();
  }
}

/** Three instances: two in processes of their own, one in this process. */
export interface Instances {
  readonly all: readonly Instance[];
  /** Empties the database that they share. */
  forget(): void;
  end(): Promise<void>;
}

export async function startInstances(): Promise<Instances> {
  await buildLibrary();
  const database = new MemoryDatabase();
  const children = await Promise.all(['a', 'b'].map((name) => startChild(name, database)));
  const local = new InstanceHost('c', (options) => new RedisCache(options), database, false);
  return {
    all: [...children.map(({ instance }) => instance), local],
    forget: () => {
      database.clear();
    },
    end: async () => {
      local.detach();
      await Promise.all(children.map(({ end }) => end()));
    },
  };
}

async function startChild(
  name: string,
  database: Database,
): Promise<{ instance: Instance; end(): Promise<void> }> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(join(root, 'test/faults/instance.mjs'), [name], {
    env,
    execArgv: [],
    serialization: 'advanced',
  });
  const [first] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (child.exitCode !== null || typeof first !== 'object') throw new Error(`instance ${name} did not start`);
  return {
    instance: remote(name, child, database),
    end: async () => {
      if (child.exitCode !== null) return;
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

/** Has the methods of an `Instance` done in the child. Whatever ends the child is an error of every call after it. */
function remote(name: string, child: ChildProcess, database: Database): Instance {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let calls = 0;
  const askDatabase = async (message: Message & { kind: 'database' }): Promise<void> => {
    const { id, method, argument } = message;
    const result = await (method === 'read' ? database.read(argument) : database.write(argument));
    if (child.connected) child.send({ kind: 'database', id, result });
  };
  child.on('message', (message: Message) => {
    if (message.kind === 'database') void askDatabase(message);
    if (message.kind !== 'result') return;
    const { id, result, error } = message;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`instance ${name}: ${error}`));
  });
  child.on('exit', (code, signal) => {
    for (const call of waiting.values())
      call.reject(new Error(`instance ${name} ended: ${String(code ?? signal)}`));
    waiting.clear();
  });
  const ask =
    (method: keyof Instance) =>
    (...args: unknown[]): Promise<never> =>
      new Promise((resolve, reject) => {
        if (!child.connected) {
          reject(new Error(`instance ${name} has ended`));
          return;
        }
        const id = ++calls;
        waiting.set(id, { resolve: resolve, reject });
        child.send({ kind: 'call', id, method, args });
      });
  return {
    name,
    open: ask('open'),
    start: ask('start'),
    stop: ask('stop'),
    report: ask('report'),
    truth: ask('truth'),
    read: ask('read'),
    beat: ask('beat'),
    see: ask('see'),
    burst: ask('burst'),
    events: ask('events'),
    unhandled: ask('unhandled'),
    close: ask('close'),
  };
}
