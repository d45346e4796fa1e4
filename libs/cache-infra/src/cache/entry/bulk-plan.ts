import { durationMs } from '../../base/duration.js';
import { describeValue } from '../../base/redact.js';
import type { Absent, BulkLoadOptions } from '../contract/bulk-load.js';
import type { LoadOptions, Ttl } from '../contract/options.js';
import {
  loadOptionNames,
  loadPlan,
  optionsObject,
  problem,
  type LoadPlan,
  type PlanDefaults,
} from './store-plan.js';

/** Loader calls of one call at a time, unless the caller says otherwise: fewer than a small connection pool has. */
const defaultConcurrency = 4;

/** How one call loads many values: the caller's options, checked, with defaults applied. */
export interface BulkPlan {
  /** For each key. */
  readonly load: LoadPlan;
  /** The ttl of each key before jitter, milliseconds; 0 = never expires. */
  readonly ttlMs: number;
  /** The options of each key alone. */
  readonly options: Ttl | LoadOptions | undefined;
  readonly absent: Absent;
  /** Most keys of one loader call; `Infinity` = no limit. */
  readonly chunkSize: number;
  readonly concurrency: number;
  readonly partial: boolean;
}

const bulkOptionNames: ReadonlySet<string> = new Set([
  ...loadOptionNames,
  ...['absent', 'chunkSize', 'concurrency', 'partial'],
]);

/** @throws ValidationError for a bad or an unknown option */
export function bulkPlan(options: Ttl | BulkLoadOptions | undefined, defaults: PlanDefaults): BulkPlan {
  const given = optionsObject(options, bulkOptionNames);
  const {
    absent = 'skip',
    chunkSize,
    concurrency = defaultConcurrency,
    partial = false,
    ...rest
  } = given ?? {};
  if (absent !== 'skip' && absent !== 'null') {
    throw problem('absent', `absent must be 'skip' or 'null', got ${describeValue(absent)}`);
  }
  for (const [name, value] of Object.entries({ chunkSize, concurrency })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw problem(name, `${name} must be an integer of at least 1, got ${describeValue(value)}`);
    }
  }
  if (typeof partial !== 'boolean') {
    throw problem('partial', `partial must be true or false, got ${describeValue(partial)}`);
  }
  const each = given === undefined ? (options as Ttl | undefined) : rest;
  const ttl = given === undefined ? (options as Ttl | undefined) : given.ttl;
  const load = loadPlan(each, defaults);
  return {
    load,
    ttlMs: load.jitter === 0 ? load.ttlMs : ttl === undefined ? defaults.ttlMs : durationMs(ttl),
    options: each,
    absent,
    chunkSize: chunkSize ?? Infinity,
    concurrency,
    partial,
  };
}
