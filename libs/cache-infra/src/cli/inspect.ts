import { inspect as inspected } from 'node:util';

import { storedEntry, type Life, type StoredEntry } from '../cache/stored-entry.js';
import type { SeveralCaches } from '../config/several-caches.js';
import { applicationHelp } from './application.js';
import { namespaceHelp } from './namespace-help.js';
import { notInRedis, openCache } from './open-cache.js';
import { placeName } from './other-namespaces.js';
import { tableLines } from './look/table.js';
import { printJson, type Output } from './output.js';

const wholeValue = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };

export const inspectUsage = `Usage: nestjs-cache-infra inspect <key> [options]

Shows what Redis holds of one entry: state, ttl, grace, tags, size, format, compression, version. Changes nothing.

  <key>                the key, as passed to get() and getOrSet()
  --key <key>          the same, for a key that begins with '-'
${namespaceHelp}
  --cache <name>       a cache of the configuration (default: its first)
  --value              also show the value, which may be personal data
  --json               prints one JSON document instead; times in seconds, the value as text
${applicationHelp}
  --config, --env      as for check

Exit code: 0 when the entry exists and is readable, else 1.`;

/** The entry to show. */
export interface EntryWanted {
  readonly key: string;
  /** Name of the cache. Default: the first of the configuration. */
  readonly cache: string | undefined;
  /** From the outermost to the innermost. */
  readonly namespaces: readonly string[];
  readonly showsValue: boolean;
  readonly json: boolean;
}

/**
 * Prints an entry in Redis without changing it. Resolves to the exit code: 1 if the entry is absent or unreadable.
 *
 * @throws ValidationError for an invalid configuration
 * @throws Error when the cache is in memory, or no cache has the name
 * @throws InfrastructureError when Redis does not answer
 */
export async function inspectEntry(
  config: SeveralCaches,
  wanted: EntryWanted,
  output: Output,
): Promise<number> {
  const cache = await openCache(config, wanted.cache);
  try {
    const entry = await storedEntry(cache, wanted.namespaces, wanted.key);
    if (entry === undefined) throw notInRedis(cache.name);
    if (wanted.json) {
      const { namespaces, key } = wanted;
      const hint = entry.kind === 'absent' ? { hint: `Looked in ${lookedIn(namespaces)}` } : {};
      const document = { ...entryDocument(entry, wanted.showsValue), ...hint };
      printJson(output, { cache: cache.name, namespaces, key, ...document });
    } else print(cache.name, entry, wanted, output);
    return entry.kind === 'entry' ? 0 : 1;
  } finally {
    await cache.close();
  }
}

function print(name: string, entry: StoredEntry, wanted: EntryWanted, { style, out }: Output): void {
  out(style.bold(`Cache '${name}', key ${inspected(wanted.key)}`));
  const rows = linesOf(entry, wanted);
  const columns = [{ style: 'cyan' as const }, {}];
  for (const line of tableLines(columns, rows, style)) out(`  ${line}`);
}

/** The entry as data. */
function entryDocument(entry: StoredEntry, showsValue: boolean): object {
  const { redisKey, kind } = entry;
  if (entry.kind === 'absent') return { redisKey, state: kind };
  const { bytes, encoding } = entry;
  if (entry.kind === 'unreadable') return { redisKey, state: kind, reason: entry.reason, bytes };
  const { stamp, ttlMs, graceMs, tags = [] } = entry.meta;
  return {
    redisKey,
    ...{ state: entry.life.state, left: leftOf(entry.life) },
    ttl: ttlMs === 0 ? null : ttlMs / 1000,
    grace: graceMs / 1000,
    tags,
    bytes,
    storedAt: new Date(stamp).toISOString(),
    format: encoding?.format ?? null,
    compression: encoding?.compression ?? null,
    isEncrypted: encoding?.isEncrypted ?? false,
    version: versionOf(entry),
    ...(showsValue && { value: inspected(entry.value, wholeValue) }),
  };
}

/** Seconds until the state ends; null = it does not end. */
function leftOf(life: Life): number | null {
  if (life.state === 'fresh') return life.left === Infinity ? null : life.left;
  return life.state === 'stale' ? life.graceLeft : null;
}

function versionOf(entry: StoredEntry & { readonly kind: 'entry' }): string {
  const { stamp, nonce } = entry.meta;
  return `${stamp.toString(16)}-${nonce.toString(16).padStart(8, '0')}`;
}

type Line = readonly [name: string, text: string];

/** The lines of an entry. Escapes control characters of keys and tags, which are untrusted. */
function linesOf(entry: StoredEntry, { showsValue, namespaces }: EntryWanted): readonly Line[] {
  const place: Line = ['redis key', inspected(entry.redisKey)];
  if (entry.kind === 'absent') return [place, ['state', 'absent'], ['looked in', lookedIn(namespaces)]];
  const size: Line = ['size', sizeOf(entry)];
  if (entry.kind === 'unreadable') {
    return [place, size, ['state', `unreadable (${entry.reason}): the next read counts it as a miss`]];
  }
  const { stamp, ttlMs, graceMs, tags = [] } = entry.meta;
  const id = versionOf(entry);
  return [
    place,
    ['tier', 'Redis (L1s of other processes are not visible from here)'],
    ['state', inWords(entry.life)],
    ['ttl', ttlMs === 0 ? 'never expires' : `${String(ttlMs / 1000)} s from its set`],
    ['grace', graceMs === 0 ? 'none' : `${String(graceMs / 1000)} s`],
    ['tags', tags.length === 0 ? 'none' : tags.map((tag) => inspected(tag)).join(', ')],
    size,
    ['stored', new Date(stamp).toISOString()],
    ['version', `${entry.encoding?.format === 'json' ? 'JSON' : String(entry.formatVersion)}, entry ${id}`],
    ['value', showsValue ? inspected(entry.value, wholeValue) : `${kindOf(entry.value)}; --value shows it`],
  ];
}

/** The namespace of an absent entry, and how to name another. */
function lookedIn(namespaces: readonly string[]): string {
  const place = namespaces.length === 0 ? 'the root' : `the namespace ${placeName(namespaces)}`;
  return `${place} only: --namespace <name> names another, nestjs-cache-infra keys counts them`;
}

function inWords(life: Life): string {
  switch (life.state) {
    case 'fresh':
      return life.left === Infinity ? 'fresh' : `fresh, ${String(life.left)} s left`;
    case 'stale':
      return `stale: a miss, served for ${String(life.graceLeft)} s more if its loader fails`;
    case 'invalidated':
      return 'invalidated by one of its tags: a miss';
    case 'expired':
      return 'expired: a miss';
  }
}

function sizeOf(stored: Exclude<StoredEntry, { kind: 'absent' }>): string {
  const { bytes, encoding } = stored;
  const words = [`${String(bytes)} bytes`];
  if (encoding?.format === 'json') words.push('JSON');
  if (encoding?.compression !== undefined) words.push(compressed(encoding.compression));
  if (encoding?.isEncrypted === true) words.push('encrypted');
  return words.join(', ');
}

function compressed(algorithm: string): string {
  return algorithm === 'unknown' ? 'compressed' : `compressed by ${algorithm}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${String(value.length)}`;
  if (typeof value === 'string') return `a string of ${String(value.length)} characters`;
  return typeof value === 'object' ? `an object (${value.constructor.name})` : `a ${typeof value}`;
}
