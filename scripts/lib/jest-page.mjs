// A transform of Jest: the module that declares the files of the dashboard's page gets them. It is asynchronous alone,
// so that an ES module can import the files, and nothing can require them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { client, pageModule } from './dashboard-page.mjs';

export default {
  async processAsync() {
    return { code: await pageModule() };
  },
  async getCacheKeyAsync() {
    const files = readdirSync(client, { recursive: true, withFileTypes: true }).filter((file) =>
      file.isFile(),
    );
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(join(file.parentPath, file.name)));
    return hash.update(readFileSync(new URL('./dashboard-page.mjs', import.meta.url))).digest('hex');
  },
};
