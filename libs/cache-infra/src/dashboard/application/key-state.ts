import { inspect } from 'node:util';

import type { LocalEntry } from '../../cache/local-entry.js';
import { localEntry } from '../../cache/local-entry.js';
import { storedEntry, type Life, type StoredEntry } from '../../cache/stored-entry.js';
import type { TieredCache } from '../../cache/tiered-cache.js';
import { wholeOf } from '../../values/graph.js';
import type { KeyQuestion } from '../dashboard-source.js';
import type { KeyState } from '../state.js';

/** Most characters of a value. */
const longestValue = 10_000;

/**
 * What the tiers of a cache hold under a key. Changes no entry and no counter.
 *
 * @throws InfrastructureError when Redis does not answer
 */
export async function keyState(cache: TieredCache, question: KeyQuestion): Promise<KeyState> {
  const { namespaces, key, withValue } = question;
  const [local, stored] = await Promise.all([
    localEntry(cache, namespaces, key),
    storedEntry(cache, namespaces, key),
  ]);
  return {
    ...{ cache: question.cache, namespaces, key },
    l1: local === undefined ? null : inL1(local),
    l2: stored === undefined ? null : inRedis(stored),
    value: withValue ? valueIn(local, stored) : null,
  };
}

function inL1(local: LocalEntry): NonNullable<KeyState['l1']> {
  if (!local.held) return { held: false, fresh: false, ttlSeconds: null };
  return { held: true, fresh: local.fresh, ttlSeconds: local.fresh ? seconds(local.left) : null };
}

function inRedis(stored: StoredEntry): NonNullable<KeyState['l2']> {
  if (stored.kind === 'absent') return { kind: 'absent' };
  const { bytes } = stored;
  if (stored.kind === 'unreadable') return { kind: 'unreadable', bytes, reason: stored.reason };
  const { life, meta } = stored;
  return {
    ...{ kind: 'entry', bytes, state: life.state },
    ttlSeconds: life.state === 'fresh' ? seconds(life.left) : null,
    graceSeconds: graceOf(life),
    tags: meta.tags ?? [],
    storedAt: meta.stamp,
    format: formatOf(stored),
    version: versionOf(stored),
  };
}

function graceOf(life: Life): number | null {
  return life.state === 'stale' ? life.graceLeft : null;
}

/** JSON has no Infinity. */
function seconds(left: number): number | null {
  return left === Infinity ? null : left;
}

type ReadEntry = Extract<StoredEntry, { kind: 'entry' }>;

function formatOf({ encoding, formatVersion }: ReadEntry): string {
  const words = [encoding?.format === 'json' ? 'JSON' : `binary ${String(formatVersion)}`];
  if (encoding?.compression !== undefined)
    words.push(encoding.compression === 'unknown' ? 'compressed' : encoding.compression);
  if (encoding?.isEncrypted === true) words.push('encrypted');
  return words.join(', ');
}

/** The id of the write, and the version of the shape of the value if it has one. */
function versionOf({ meta: { stamp, nonce, version } }: ReadEntry): string {
  const id = `${stamp.toString(16)}-${nonce.toString(16).padStart(8, '0')}`;
  return version === undefined ? id : `${id}, value version ${String(version)}`;
}

/** The value in Redis, or else that of the L1. */
function valueIn(local: LocalEntry | undefined, stored: StoredEntry | undefined): string | null {
  if (stored?.kind === 'entry') return textOf(wholeOf(stored.value));
  return local?.held === true ? textOf(local.value) : null;
}

/** Calls no code of the value. */
function textOf(value: unknown): string {
  const text = inspect(value, {
    ...{ depth: 10, maxArrayLength: 1000, maxStringLength: longestValue },
    ...{ breakLength: 100, customInspect: false, getters: false },
  });
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}
