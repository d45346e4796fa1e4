import {
  booleanValue,
  duration,
  nested,
  nonEmptyString,
  problem,
  type Check,
  type NestedCheck,
} from '../base/checks.js';
import { durationMs } from '../base/duration.js';
import type { Ttl } from '../cache/contract/options.js';

/** How an application publishes its instances in Redis, for `npx nestjs-cache-infra top` and the dashboard. */
export interface FleetOptions {
  /** From one summary to the next: `'1s'` to `'1m'`. A summary expires after three times as long. Default `'5s'`. */
  readonly every?: Ttl | undefined;
  /** The name of this instance, for people: at most 200 characters. Default `<host>:<pid>`. */
  readonly name?: string | undefined;
  /** False: hot keys, groups of plain keys and invalidated tags are left out. Default true. */
  readonly keys?: boolean | undefined;
}

const bounds = { least: 1000, most: 60_000 };

const every: Check = (value) => {
  const problem = duration(value);
  if (problem !== undefined) return problem;
  const ms = durationMs(value as Ttl);
  return ms >= bounds.least && ms <= bounds.most ? undefined : "must be from '1s' to '1m'";
};

const options = nested({ every, name: nonEmptyString, keys: booleanValue });

/** Checks {@link FleetOptions}, or `false`. */
export const fleetOptions: NestedCheck = {
  problems(path, value) {
    if (value === false) return [];
    if (typeof value === 'object') return options.problems(path, value);
    return [problem(path, "must be false or an object: { every: '5s', name: 'shop-1', keys: false }", value)];
  },
};

/** Milliseconds from one summary to the next. */
export function periodOf({ every: period = '5s' }: FleetOptions): number {
  return durationMs(period);
}
