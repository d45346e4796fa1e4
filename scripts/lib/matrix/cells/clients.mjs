import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { compile } from '../build.mjs';
import { succeed } from '../succeed.mjs';

const installation = 'nest-11-clients';

const client = (name, major) => ({
  group: "Redis clients of the application's own",
  title: `${name} ${major}, NestJS 11: two applications share values, loads and invalidations`,
  async run(bench) {
    const folder = await bench.application(installation, { program: 'clients' });
    await writeFile(join(folder, 'src', 'main.ts'), mainOf(name));
    await compile(folder);
    const main = join('dist', 'main.js');
    await succeed(process.execPath, [main, await bench.redisUrl()], { cwd: folder, timeoutMs: 60_000 });
    return bench.versions(installation, name, '@nestjs/core');
  },
});

const mainOf = (name) => `import { Redis } from '${name}';

import { tryClients } from './client';

const clients: Redis[] = [];
tryClients(() => {
  const client = new Redis(process.argv[2]);
  clients.push(client);
  return client;
})
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  })
  .finally(() => Promise.all(clients.map((client) => client.quit())));
`;

export const clients = [client('ioredis', 5), client('iovalkey', 0.4)];
