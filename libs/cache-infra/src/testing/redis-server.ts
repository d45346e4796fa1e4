import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { Redis } from 'ioredis';

import { InfrastructureError } from '../base/errors.js';
import { startRedisContainer } from './redis-container.js';
import { findExecutable, freePort, startRedisProcess } from './redis-process.js';

export interface StartRedisOptions {
  /** The environment to read `REDIS_URL` and `PATH` from. Default: `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Arguments for a server started here, for example `['--maxmemory', '10mb']`. */
  args?: readonly string[] | undefined;
  /** True: starts a server that this test may stop and pause, even if `REDIS_URL` is set. Default false. */
  own?: boolean | undefined;
  /**
   * True: runs `apt-get install -y redis-server` as a last resort, if this process is root and apt is available.
   * Default false.
   */
  installIfMissing?: boolean | undefined;
}

/** A Redis for tests. */
export interface RedisServer {
  /** `redis://host:port`, or the value of `REDIS_URL`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The origin of the server: `REDIS_URL`, a program on the search path, or a container. */
  readonly how: 'url' | 'binary' | 'docker';
  /** The process id of a server started from a program, while it runs. */
  readonly pid: number | undefined;
  /** Restarts a stopped server on the same port, empty. */
  start(): Promise<void>;
  /** Kills the server, as a crash would. No effect on a server that was not started here. */
  stop(): Promise<void>;
  /** Suspends the server with its connections open, so that it hangs. */
  pause(): Promise<void>;
  /** Resumes a paused server. */
  resume(): Promise<void>;
  /** Ends the server, and removes its container. A server at `REDIS_URL` goes on. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A Redis for tests, from the first source that works: the server at `REDIS_URL`; a `redis-server` or `valkey-server`
 * from the search path on a free loopback port, without persistence; `redis:7-alpine` through Testcontainers; with
 * `installIfMissing`, `apt-get install -y redis-server`. A server started here ends with `stop()`, or with this
 * process, however it ends.
 *
 * ```ts
 * await using redis = await startRedisServer();
 * await using cache = new RedisCache({ redisUrl: redis.url });
 * ```
 *
 * @throws InfrastructureError that lists these sources when none works, or when the server at `REDIS_URL` does not
 * answer
 */
export async function startRedisServer(options: StartRedisOptions = {}): Promise<RedisServer> {
  const env = options.env ?? process.env;
  const args = options.args ?? [];
  const url = env['REDIS_URL'];
  if (options.own !== true && url !== undefined && url !== '') return foreignServer(url);

  const executable = await findServer(env);
  if (executable !== undefined) return processServer(executable, args);
  const tried: unknown[] = [];
  try {
    return await containerServer(args);
  } catch (error) {
    tried.push(error);
  }
  if (options.installIfMissing === true && process.getuid?.() === 0) {
    try {
      await installRedis();
      const installed = await findServer(env);
      if (installed !== undefined) return await processServer(installed, args);
    } catch (error) {
      tried.push(error);
    }
  }
  throw new InfrastructureError(
    'No Redis for the tests. Do one of these: set REDIS_URL to a running server; put redis-server or valkey-server ' +
      'on the PATH; start Docker (the package testcontainers is needed as well); or, as root on a machine with apt, ' +
      'run "apt-get install -y redis-server"',
    { cause: new AggregateError(tried, 'All attempts to start Redis failed') },
  );
}

function findServer(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  return findExecutable(['redis-server', 'valkey-server'], env['PATH'] ?? '');
}

async function foreignServer(url: string): Promise<RedisServer> {
  const { hostname, port } = parseUrl(url);
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3000,
    disconnectTimeout: 20,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
  } catch {
    throw new InfrastructureError(`Redis at REDIS_URL does not answer (${hostname}:${port || '6379'})`);
  } finally {
    client.disconnect();
  }
  const refuse = () =>
    Promise.reject(
      new InfrastructureError(
        'REDIS_URL names a shared server, which cannot be paused: request a server with own: true',
      ),
    );
  return server({ url, host: hostname, port: Number(port || 6379), how: 'url' }, () => undefined, {
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    pause: refuse,
    resume: refuse,
  });
}

function parseUrl(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new InfrastructureError('REDIS_URL is not a URL such as redis://localhost:6379');
  }
}

async function processServer(executable: string, args: readonly string[]): Promise<RedisServer> {
  let running = await onFreePort((port) => startRedisProcess(executable, port, args));
  let stopped = false;
  const { port } = running;
  const signal = async (name: NodeJS.Signals, call: string) => {
    // The process id of a stopped server may belong to another process by now.
    if (stopped) throw new InfrastructureError(`${call}(): the Redis for tests is stopped; start() it first`);
    process.kill(running.pid, name);
  };
  return server(
    { url: `redis://127.0.0.1:${String(port)}`, host: '127.0.0.1', port, how: 'binary' },
    () => (stopped ? undefined : running.pid),
    {
      async start() {
        if (!stopped) return;
        running = await startRedisProcess(executable, port, args);
        stopped = false;
      },
      async stop() {
        stopped = true;
        await running.end();
      },
      pause: () => signal('SIGSTOP', 'pause'),
      resume: () => signal('SIGCONT', 'resume'),
    },
  );
}

/** Retry: another process may take the free port before the server does. */
async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function containerServer(args: readonly string[]): Promise<RedisServer> {
  const container = await startRedisContainer(await freePort(), args);
  const { host, port } = container;
  return server({ url: `redis://${host}:${String(port)}`, host, port, how: 'docker' }, () => undefined, {
    start: () => container.start(),
    // A removed container cannot restart, so it is only halted.
    stop: () => container.halt(),
    end: () => container.end(),
    pause: () => container.pause(),
    resume: () => container.resume(),
  });
}

async function installRedis(): Promise<void> {
  const run = promisify(execFile);
  const apt = (...args: string[]) => run('apt-get', args, { timeout: 300_000 });
  try {
    await apt('install', '-y', 'redis-server');
  } catch {
    await apt('update');
    await apt('install', '-y', 'redis-server');
  }
}

type Facts = Pick<RedisServer, 'url' | 'host' | 'port' | 'how'>;
type Controls = Pick<RedisServer, 'start' | 'stop' | 'pause' | 'resume'> & {
  /** Default: `stop`. */
  end?: () => Promise<void>;
};

function server(facts: Facts, pid: () => number | undefined, { end, ...controls }: Controls): RedisServer {
  return {
    ...facts,
    ...controls,
    get pid() {
      return pid();
    },
    [Symbol.asyncDispose]: end ?? (() => controls.stop()),
  };
}
