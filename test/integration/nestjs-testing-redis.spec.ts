import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { makeRedisCache } from '../../libs/cache-infra/src/testing/caches.js';
import { keeper } from '../../libs/cache-infra/src/testing/redis-process.js';
import { startRedisServer, type RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { until } from '../support/until.js';

const open: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.stop();
});

async function own(args?: string[]): Promise<RedisServer> {
  const server = await startRedisServer({ own: true, args });
  open.push(server);
  return server;
}

async function ask(url: string, ...command: [string, ...string[]]): Promise<unknown> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 200,
    commandTimeout: 200,
    disconnectTimeout: 20,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await client.call(...command);
  } finally {
    client.disconnect();
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('seed S2.18-23 a Redis for tests', () => {
  it('seed S2.19 S2.23 starts a server on a free port, and returns its URL', async () => {
    const first = await own();
    const second = await own();
    expect(first.port).not.toBe(second.port);
    expect(first.url).toBe(`redis://${first.host}:${String(first.port)}`);
    await expect(ask(first.url, 'PING')).resolves.toBe('PONG');
  });

  it('seed S2.20 uses database 0 and keeps nothing on disk', async () => {
    const server = await own();
    await expect(ask(server.url, 'CLIENT', 'INFO')).resolves.toContain('db=0');
    await expect(ask(server.url, 'CONFIG', 'GET', 'save')).resolves.toContain('');
    await expect(ask(server.url, 'CONFIG', 'GET', 'appendonly')).resolves.toContain('no');
  });

  it('seed S2.22 ends the server that it started', async () => {
    const server = await own();
    const { pid } = server;
    await server.stop();
    expect(pid !== undefined && alive(pid)).toBe(false);
    expect(server.pid).toBeUndefined();
    await expect(ask(server.url, 'PING')).rejects.toThrow();
    await expect(server.stop()).resolves.toBeUndefined();
  });

  it('starts again on the same port, empty', async () => {
    const server = await own();
    await ask(server.url, 'SET', 'a', '1');
    await server.stop();
    await server.start();
    await expect(ask(server.url, 'GET', 'a')).resolves.toBeNull();
  });

  it('pauses and resumes: a paused server does not answer', async () => {
    const server = await own();
    await server.pause();
    await expect(ask(server.url, 'PING')).rejects.toThrow();
    await server.resume();
    await expect(ask(server.url, 'PING')).resolves.toBe('PONG');
  });

  it('stops a paused server', async () => {
    const server = await own();
    const { pid } = server;
    await server.pause();
    await server.stop();
    expect(pid !== undefined && alive(pid)).toBe(false);
  });

  it('passes arguments on', async () => {
    const server = await own(['--maxmemory', '10mb']);
    await expect(ask(server.url, 'CONFIG', 'GET', 'maxmemory')).resolves.toContain('10485760');
  });

  it('waits for a server that requires a password', async () => {
    const server = await own(['--requirepass', 'secret']);
    await expect(ask(`redis://:secret@${server.host}:${String(server.port)}`, 'PING')).resolves.toBe('PONG');
  });

  it('uses the server of REDIS_URL, and leaves it running', async () => {
    const running = await own();
    const server = await startRedisServer({ env: { REDIS_URL: running.url } });
    expect(server).toMatchObject({ how: 'url', url: running.url, port: running.port });
    await server.stop();
    await expect(ask(running.url, 'PING')).resolves.toBe('PONG');
    await expect(server.pause()).rejects.toThrow('own: true');
  });

  it('seed S2.18 rejects if REDIS_URL does not answer, without its password', async () => {
    const failure = startRedisServer({ env: { REDIS_URL: 'redis://user:hunter2@127.0.0.1:1/0' } });
    await expect(failure).rejects.toThrow(InfrastructureError);
    await expect(failure).rejects.toThrow(/REDIS_URL .*127\.0\.0\.1:1/);
    await expect(failure).rejects.not.toThrow(/hunter2/);
  });

  it('seed S2.18 names every way to start a server if none works', async () => {
    const docker = process.env['DOCKER_HOST'];
    process.env['DOCKER_HOST'] = 'tcp://127.0.0.1:1';
    try {
      await expect(startRedisServer({ env: { PATH: '/nonexistent' } })).rejects.toThrow(
        /REDIS_URL.*redis-server or valkey-server.*Docker.*apt-get install -y redis-server/,
      );
    } finally {
      if (docker === undefined) delete process.env['DOCKER_HOST'];
      else process.env['DOCKER_HOST'] = docker;
    }
  });

  it('leaves no server behind when its process is killed', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn('/bin/sh', ['-c', process.argv[1], 'keeper', process.argv[2], 'sleep', '60'], {
        stdio: ['pipe', 'inherit', 'ignore'],
        detached: true,
      });
      child.unref();
      setInterval(() => undefined, 1000);`;
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-keeper-'));
    const parent = spawn(process.execPath, ['-e', script, keeper, directory], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString().trim());
    expect(alive(pid)).toBe(true);

    parent.kill('SIGKILL');

    await until(() => !alive(pid) && !existsSync(directory));
  });

  it('seed S2.21 a Redis cache of 3600 s and 100 entries, usable at once, with its own keys', async () => {
    const server = await own();
    await using first = makeRedisCache(server.url);
    await using second = makeRedisCache(server.url);
    await first.set('a', 1);
    await expect(first.get('a')).resolves.toBe(1);
    await expect(second.get('a')).resolves.toBeUndefined();
    expect(first).toMatchObject({ defaultTtl: 3600, maxSize: 100 });
  });
});
