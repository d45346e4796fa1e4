import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { createInterface } from 'node:readline';

import { Redis } from 'ioredis';

import { findExecutable, keeper } from '../../libs/cache-infra/src/testing/redis-process.js';
import { until } from './until.js';

/** A Redis server, Sentinel or Cluster node that a test started. */
export interface RedisNodeProcess {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Its own directory; removed with it. */
  readonly dir: string;
  /** A connection for the test itself; closed by `end`. */
  readonly admin: Redis;
  /** False once it was killed. */
  readonly alive: boolean;
  /** As `kill -9`. */
  kill(): void;
  /** Ends the process by its id. */
  end(): Promise<void>;
}

export interface RedisNodeOptions {
  /** Lines of its configuration file, besides port and directory. `<dir>` stands for its directory. */
  readonly config: readonly string[];
  readonly sentinel?: boolean | undefined;
  /** For the test's own connection; `port 0` and `tls-port` have to stand in `config` then. */
  readonly tls?: ConnectionOptions | undefined;
  readonly port?: number | undefined;
}

/** Below the ports that systems hand out, and so that the port of the Cluster bus, 10,000 above, is as well. */
const ports = { from: 11_000, to: 22_000 };

/** A Redis process with a configuration file of its own, without persistence, on the loopback interface. */
export async function startRedisNode(options: RedisNodeOptions): Promise<RedisNodeProcess> {
  const executable = await findExecutable(['redis-server', 'valkey-server'], process.env['PATH'] ?? '');
  if (executable === undefined)
    throw new Error('redis-server has to be on the PATH for tests of Sentinel, Cluster and TLS');
  const host = '127.0.0.1';
  const port = options.port ?? (await freeNodePort());
  const dir = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-node-'));
  const file = join(dir, 'redis.conf');
  const own = options.config.map((line) => line.replaceAll('<dir>', dir));
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, `logfile ${join(dir, 'redis.log')}`];
  if (options.sentinel !== true) lines.push('save ""', 'appendonly no');
  await writeFile(file, `${[...lines, ...own].join('\n')}\n`);

  const args = [executable, file, ...(options.sentinel === true ? ['--sentinel'] : [])];
  const child = spawn('/bin/sh', ['-c', keeper, 'redis-keeper', dir, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const gone = once(child, 'exit');
  const [first] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const pid = Number(first);
  let alive = true;
  const admin = new Redis({
    host,
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    disconnectTimeout: 20,
    retryStrategy: () => 50,
    ...(options.tls !== undefined && { tls: options.tls }),
  });
  admin.on('error', () => {});
  const end = async (): Promise<void> => {
    admin.disconnect();
    if (child.exitCode !== null) return;
    child.stdin.end();
    await gone;
  };
  try {
    await until(() => answers(admin), `the Redis process on port ${port}`, 15_000);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    host,
    port,
    pid,
    dir,
    admin,
    get alive() {
      return alive;
    },
    kill: () => {
      alive = false;
      process.kill(pid, 'SIGKILL');
    },
    end,
  };
}

async function answers(admin: Redis): Promise<boolean> {
  try {
    if (admin.status === 'wait') await admin.connect();
    await admin.ping();
    return true;
  } catch (error) {
    // A server that wants a password first is there.
    return String(error).includes('NOAUTH');
  }
}

/** A port that is free, and the one 10,000 above it as well. */
export async function freeNodePort(): Promise<number> {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * (ports.to - ports.from));
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** True once nobody listens on the port any more. */
export function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => settle(false));
    socket.once('error', () => settle(true));
  });
}
