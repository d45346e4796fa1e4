import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { startRedisServer, type RedisServer } from 'nestjs-cache-infra/testing';

/** The demo's own Redis, on a free port, until the demo stops; undefined if no server program is on the `PATH`. */
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
