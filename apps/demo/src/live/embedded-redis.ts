import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { startRedisServer, type RedisServer } from 'nestjs-cache-infra/testing';

/** A Redis of the demo's own, on a free port, for as long as the demo runs; undefined when no server program is on the `PATH`. */
export async function embeddedRedis(path = process.env['PATH'] ?? ''): Promise<RedisServer | undefined> {
  if (!(await hasServer(path))) return undefined;
  return startRedisServer({ own: true });
}

async function hasServer(path: string): Promise<boolean> {
  const files = path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .flatMap((directory) => ['redis-server', 'valkey-server'].map((name) => join(directory, name)));
  const found = await Promise.allSettled(files.map((file) => access(file, constants.X_OK)));
  return found.some(({ status }) => status === 'fulfilled');
}
