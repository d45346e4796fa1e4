import { cloneValue, deepFreeze } from '../codec/clone.js';
import { snapshot, type Snapshot } from '../codec/snapshot.js';
import type { Isolation } from './options.js';

/** What a tier keeps of a value that was set: nothing the caller can still change, unless by-reference was asked for. */
export function keep(value: unknown, isolation: Isolation): Snapshot {
  const kept = snapshot(value);
  if (isolation === 'clone') return kept;
  return { value: isolation === 'freeze' ? frozen(kept.value) : value, json: kept.json };
}

/** Values that JavaScript cannot freeze: asking each hit's value whether it is frozen would take longer than the hit. */
const unfrozen = new WeakSet();
/** Nor is one looked up among them before there is any. */
let hasUnfrozen = false;

function frozen(value: unknown): unknown {
  deepFreeze(value);
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    unfrozen.add(value);
    hasUnfrozen = true;
  }
  return value;
}

/** What the L1 keeps of a value that came from Redis, and so belongs to nobody yet. */
export function keepDecoded(value: unknown, isolation: Isolation): unknown {
  return isolation === 'freeze' ? frozen(value) : value;
}

/** What a caller gets of a value that a tier keeps: with `freeze` a copy too, where the value could not be frozen. */
export function handOut(value: unknown, isolation: Isolation): unknown {
  if (typeof value !== 'object' || value === null || isolation === 'reference') return value;
  return isolation === 'freeze' && !(hasUnfrozen && unfrozen.has(value)) ? value : cloneValue(value);
}

/** A value that no tier keeps, for one more of its callers: a copy where it can be copied. */
export function ownCopy(value: unknown, isolation: Isolation): unknown {
  if (typeof value !== 'object' || value === null) return value;
  try {
    return handOut(keep(value, isolation).value, isolation);
  } catch {
    return value;
  }
}
