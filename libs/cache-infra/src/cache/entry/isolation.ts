import { SerializationError } from '../../base/errors.js';
import { cloneValue, deepFreeze } from '../../values/clone.js';
import { SharingValue, wholeOf } from '../../values/graph.js';
import { isFlatObject } from '../../values/flat.js';
import { snapshot, type Snapshot, type SnapshotRules } from '../../values/snapshot.js';
import type { Isolation } from '../contract/options.js';
import type { ValueLimits, ValueRule } from './value-rules.js';

/** The options of a cache that decide how values are copied. */
export interface CopyingCache {
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  /** `undefined` = the cache has no L2. */
  readonly l2: object | undefined;
}

/** The options of a call that decide how its value is copied. */
export interface CopyingCall {
  readonly value: ValueRule;
  readonly tiers: 'both' | 'l1' | 'l2';
}

/** The forms of one value that the tiers store. */
export interface StoredForms {
  /** The value in the L1. */
  readonly value: unknown;
  /** The snapshot that is encoded for the L2. */
  readonly snapshot: Snapshot;
}

/**
 * The forms of a value that the tiers store. The caller cannot change them later, except with isolation `'reference'`.
 *
 * @throws SerializationError if the value cannot be stored without loss
 */
export function copyIn(value: unknown, cache: CopyingCache, call: CopyingCall): StoredForms {
  const { isolation } = cache;
  if (isolation === 'reference' && cache.l2 === undefined && isFlat(value, cache, call))
    return { value, snapshot: { value, json: false, shares: false } };
  const copy = snapshot(value, snapshotRules(cache, call));
  // `revive` makes a new value for each caller, so there is no reference to keep.
  const isReference =
    isolation === 'reference' && (call.value.revive === undefined || call.value.as !== undefined);
  return { value: isReference ? value : l1Form(copy, isolation), snapshot: copy };
}

/**
 * As {@link copyIn}, for a value that a caller stores under `key`.
 *
 * @throws SerializationError, which names the key
 */
export function copyInUnder(
  key: string,
  value: unknown,
  cache: CopyingCache,
  call: CopyingCall,
): StoredForms {
  try {
    return copyIn(value, cache, call);
  } catch (error) {
    throw error instanceof SerializationError ? error.under(key) : error;
  }
}

/** The forms of a value that the L1 holds already, or that was read from Redis: it is stored again, as it is. */
export function formsOfStored(stored: unknown, cache: CopyingCache, call: CopyingCall): StoredForms {
  if (cache.l2 === undefined || call.tiers === 'l1')
    return { value: stored, snapshot: { value: stored, json: false, shares: false } };
  return { value: stored, snapshot: snapshot(wholeOf(stored), snapshotRules(cache, call)) };
}

/** True for an object that can surely be stored as it is: a copy would find nothing to refuse. */
function isFlat(value: unknown, { values }: CopyingCache, { value: rule }: CopyingCall): boolean {
  if (typeof value !== 'object' || value === null || !values.types.isEmpty) return false;
  return rule.revive === undefined && rule.as === undefined && !rule.plain && isFlatObject(value);
}

function snapshotRules({ isolation, values, l2 }: CopyingCache, call: CopyingCall): SnapshotRules {
  const { plain, as } = call.value;
  const isInMemory = l2 === undefined || call.tiers === 'l1';
  const classes = plain ? 'plain' : isolation === 'reference' && isInMemory ? 'kept' : 'refuse';
  return { classes, as, ...values };
}

/** The form of a snapshot that the L1 stores. */
function l1Form({ value, shares }: Snapshot, isolation: Isolation): unknown {
  if (isolation === 'freeze') return frozen(value, shares);
  return shares ? new SharingValue(value) : value;
}

/** L1 values that JavaScript cannot freeze. `Object.isFrozen` on every hit would take longer than the hit. */
const unfrozen = new WeakSet();
/** False = `unfrozen` is empty, and hits need not look a value up in it. */
let hasUnfrozen = false;

function frozen(value: unknown, shares: boolean): unknown {
  deepFreeze(value);
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const stored = shares ? new SharingValue(value) : value;
  unfrozen.add(stored);
  hasUnfrozen = true;
  return stored;
}

/** The form that the L1 stores of a value decoded from Redis. No caller holds the value yet. */
export function copyInDecoded(value: unknown, isolation: Isolation): unknown {
  if (isolation === 'clone') return value;
  const whole = wholeOf(value);
  return isolation === 'freeze' ? frozen(whole, whole !== value) : whole;
}

/** The form of an L1 value that a caller gets. With `'freeze'`, a value that cannot be frozen is copied. */
export function copyOut(value: unknown, isolation: Isolation): unknown {
  if (typeof value !== 'object' || value === null || isolation === 'reference') return value;
  return isolation === 'freeze' && !(hasUnfrozen && unfrozen.has(value)) ? value : cloneValue(value);
}

/**
 * The form of an unstored value that a joining caller gets: a copy if the copy has the same kind, else the value
 * itself.
 */
export function copyForJoiner(value: unknown, { isolation, values }: CopyingCache): unknown {
  if (typeof value !== 'object' || value === null || isolation === 'reference') return value;
  try {
    return copyOut(l1Form(snapshot(value, { classes: 'exact', ...values }), isolation), isolation);
  } catch {
    return value;
  }
}
