import { cloneValue, deepFreeze } from '../../values/clone.js';
import { SharingValue, wholeOf } from '../../values/graph.js';
import { snapshot, type Snapshot, type SnapshotRules } from '../../values/snapshot.js';
import type { Isolation } from '../contract/options.js';
import type { ValueLimits, ValueRule } from './value-rules.js';

/** What keeping a value depends on in a cache. */
export interface CopyingCache {
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  /** `undefined` = the cache lives in memory alone. */
  readonly l2: object | undefined;
}

/** What keeping a value depends on in a call. */
export interface CopyingCall {
  readonly value: ValueRule;
  readonly tiers: 'both' | 'l1' | 'l2';
}

/** A value that a cache took. */
export interface StoredForms {
  /** What the L1 keeps. */
  readonly value: unknown;
  /** What is encoded for the L2. */
  readonly snapshot: Snapshot;
}

/**
 * What the tiers keep of a value that was set: nothing the caller can still change, unless by-reference was asked for.
 *
 * @throws SerializationError when the value cannot be stored, or would lose something
 */
export function copyIn(value: unknown, cache: CopyingCache, call: CopyingCall): StoredForms {
  const { isolation } = cache;
  const taken = snapshot(value, snapshotRules(cache, call));
  // What is revived anew for each caller is no reference to what was set.
  const isReference =
    isolation === 'reference' && (call.value.revive === undefined || call.value.as !== undefined);
  return { value: isReference ? value : keptForm(taken, isolation), snapshot: taken };
}

function snapshotRules({ isolation, values, l2 }: CopyingCache, call: CopyingCall): SnapshotRules {
  const { plain, as } = call.value;
  const isInMemory = l2 === undefined || call.tiers === 'l1';
  const classes = plain ? 'plain' : isolation === 'reference' && isInMemory ? 'kept' : 'refuse';
  return { classes, as, ...values };
}

function keptForm({ value, shares }: Snapshot, isolation: Isolation): unknown {
  if (isolation === 'freeze') return frozen(value, shares);
  return shares ? new SharingValue(value) : value;
}

/** Values that JavaScript cannot freeze: asking each hit's value whether it is frozen would take longer than the hit. */
const unfrozen = new WeakSet();
/** Nor is one looked up among them before there is any. */
let hasUnfrozen = false;

function frozen(value: unknown, shares: boolean): unknown {
  deepFreeze(value);
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const stored = shares ? new SharingValue(value) : value;
  unfrozen.add(stored);
  hasUnfrozen = true;
  return stored;
}

/** What the L1 keeps of a value that came from Redis, and so belongs to nobody yet. */
export function copyInDecoded(value: unknown, isolation: Isolation): unknown {
  if (isolation === 'clone') return value;
  const whole = wholeOf(value);
  return isolation === 'freeze' ? frozen(whole, whole !== value) : whole;
}

/** What a caller gets of a value that a tier keeps: with `freeze` a copy too, where the value could not be frozen. */
export function copyOut(value: unknown, isolation: Isolation): unknown {
  if (typeof value !== 'object' || value === null || isolation === 'reference') return value;
  return isolation === 'freeze' && !(hasUnfrozen && unfrozen.has(value)) ? value : cloneValue(value);
}

/**
 * A value that no tier keeps, for one more of its callers: a copy where that is of the same kind, else the value itself.
 */
export function copyForJoiner(value: unknown, { isolation, values }: CopyingCache): unknown {
  if (typeof value !== 'object' || value === null || isolation === 'reference') return value;
  try {
    return copyOut(keptForm(snapshot(value, { classes: 'exact', ...values }), isolation), isolation);
  } catch {
    return value;
  }
}
