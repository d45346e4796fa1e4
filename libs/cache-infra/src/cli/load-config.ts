import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import type { SeveralCaches } from '../config/several-caches.js';
import { moduleExport, resultOf } from './module-export.js';

/**
 * Loads the options from a JSON file, or from a module (ESM or CommonJS) that exports options, or a function that returns them, as
 * `default`, `cacheConfig` or `config`.
 *
 * @throws Error with a remedy, when the file does not exist or contains no options
 */
export async function loadConfig(file: string | undefined): Promise<SeveralCaches> {
  if (file === undefined) return {};
  if (/\.[cm]?ts$/.test(file)) {
    throw new Error(`${file}: pass the compiled JavaScript, for example dist/cache.config.js`);
  }
  const path = resolve(file);
  if (!existsSync(path)) throw new Error(`--config ${file}: no such file`);
  if (path.endsWith('.json')) return asOptions(JSON.parse(await readFile(path, 'utf8')), file);
  return asOptions(await resultOf(await moduleExport(path, ['cacheConfig', 'config'])), file);
}

function asOptions(config: unknown, file: string): SeveralCaches {
  if (typeof config === 'object' && config !== null) return config;
  throw new Error(`${file} exports no options: export default { … }, or a function that returns them`);
}
