import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdtemp } from 'node:fs/promises';
import { connect, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { InfrastructureError } from '../base/errors.js';

/** A Redis process that this module started and may stop. */
export interface RedisProcess {
  readonly port: number;
  readonly pid: number;
  /** Ends the process by its id, and removes its directory. */
  end(): Promise<void>;
}

// The shell holds the other end of a pipe to this process. When this process ends, even by a signal that no handler
// sees, the pipe closes: `read` returns, the shell kills the server and removes its directory.
/** @internal */
export const keeper =
  'dir=$1; shift; "$@" & pid=$!; echo "$pid"; read -r _; kill -KILL "$pid" 2>/dev/null; wait "$pid"; rm -rf "$dir"';

const readyWithinMs = 10_000;

/** The first executable of `names` on the search path, or `undefined`. */
export async function findExecutable(
  names: readonly string[],
  searchPath: string,
): Promise<string | undefined> {
  for (const name of names) {
    for (const directory of searchPath.split(delimiter)) {
      const file = join(directory, name);
      if (directory !== '' && (await isExecutable(file))) return file;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** An unused port of the loopback interface. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string')
    throw new InfrastructureError('No free port was found');
  return address.port;
}

/**
 * Starts `executable` on the loopback interface, without persistence.
 *
 * @throws InfrastructureError when Redis does not answer within 10 s
 */
export async function startRedisProcess(
  executable: string,
  port: number,
  args: readonly string[],
): Promise<RedisProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-redis-'));
  const logfile = join(dir, 'redis.log');
  const server = [
    executable,
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--logfile', logfile],
    ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ...args,
  ];
  const child = spawn('/bin/sh', ['-c', keeper, 'redis-keeper', dir, ...server], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C signals the whole process group: a detached server survives until the tests stop it.
    detached: true,
  });
  const gone = once(child, 'exit').then(() => undefined);
  try {
    const pid = Number(await firstLine(child));
    await untilReady(port, pid);
    letGo(child);
    return { port, pid, end: () => end(child, gone) };
  } catch (error) {
    await end(child, gone);
    throw error;
  }
}

/** Unreferences the process and its pipes, so that they do not keep this process alive. */
function letGo(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) {
    if (pipe instanceof Socket) pipe.unref();
  }
}

async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.exitCode !== null) return;
  child.ref();
  child.stdin?.on('error', () => undefined);
  child.stdin?.end();
  await gone;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new InfrastructureError('The Redis process has no output');
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) return String(chunk).trim();
  throw new InfrastructureError('The Redis process could not be started');
}

async function untilReady(port: number, pid: number): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline) {
    if (await answers(port)) return;
    if (!isAlive(pid)) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new InfrastructureError(`The Redis process on port ${String(port)} does not answer`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** True if a Redis server answers on the port: an error reply (`-NOAUTH`) counts. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => settle(/^\+PONG|^-NOAUTH/.test(reply.toString())));
  });
}
