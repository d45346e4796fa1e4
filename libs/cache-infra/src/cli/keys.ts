import { inspect as inspected } from 'node:util';

import type { Cache } from '../cache/contract/cache.js';
import type { SeveralCaches } from '../config/several-caches.js';
import { applicationHelp } from './application.js';
import { namespaceHelp } from './namespace-help.js';
import { openCache } from './open-cache.js';
import { ProgressLine } from './look/progress.js';
import { otherNamespaces, otherNamespacesLine } from './other-namespaces.js';
import { printJson, type Output } from './output.js';

export const keysUsage = `Usage: nestjs-cache-infra keys [<pattern>] [options]

Lists the keys of fresh entries of one namespace in Redis, one a line. Counts those of other namespaces, fresh or not,
on stderr. Changes nothing. It scans the whole database of Redis.

  <pattern>            '*' = any run of characters, '?' = one character, '\\' = escape (default: all keys)
${namespaceHelp}
  --cache <name>       a cache of the configuration (default: its first)
  --limit <n>          stops after n keys (default: 1000)
  --json               prints one JSON document instead: cache, namespaces, pattern, keys, isComplete,
                       otherNamespaces
${applicationHelp}
  --config, --env      as for check

Exit code: 0, also when no key matches; 1 when Redis cannot be read.`;

/** The keys to list. */
export interface KeysWanted {
  readonly pattern: string | undefined;
  /** Name of the cache. Default: the first of the configuration. */
  readonly cache: string | undefined;
  /** From the outermost to the innermost. */
  readonly namespaces: readonly string[];
  /** Most keys to list. */
  readonly limit: number;
  readonly json: boolean;
}

/**
 * Prints keys, one a line. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid configuration
 * @throws Error when the cache is in memory, or no cache has the name
 * @throws InfrastructureError when Redis does not answer
 */
export async function listKeys(config: SeveralCaches, wanted: KeysWanted, output: Output): Promise<number> {
  const whole = await openCache(config, wanted.cache);
  // On a terminal the keys themselves are the progress.
  const progress = new ProgressLine(
    output.terminal === undefined || wanted.json ? output.progress : noProgress,
  );
  try {
    const cache = wanted.namespaces.reduce((outer: Cache, name) => outer.namespace(name), whole);
    const { pattern = '*', limit, json, namespaces } = wanted;
    const keys: string[] = [];
    let isComplete = true;
    for await (const key of cache.keys(pattern)) {
      isComplete = keys.length < limit;
      if (!isComplete) break;
      keys.push(key);
      progress.show(`${String(keys.length)} keys`);
      if (!json) output.out(onOneLine(key));
    }
    progress.clear();
    const others = await otherNamespaces(whole, namespaces, { pattern, limit });
    if (json) {
      const document = { cache: whole.name, namespaces, pattern, keys, isComplete, otherNamespaces: others };
      printJson(output, document);
    }
    if (!isComplete) output.error(`Stopped after ${String(limit)} keys: --limit lists more.`);
    const line = json ? undefined : otherNamespacesLine(others);
    if (line !== undefined) output.error(line);
    return 0;
  } finally {
    progress.clear();
    await whole.close();
  }
}

const noProgress = { write: () => undefined };

/** Keys are untrusted: one with control characters is shown quoted and escaped. */
function onOneLine(key: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(key) ? inspected(key, { breakLength: Infinity }) : key;
}
