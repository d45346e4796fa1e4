import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { until } from '../support/until.js';
import type { Instance } from './host.js';
import { keysOf, type Expected, type Truth, type Versioned, type WorkloadPlan } from './workload.js';

/** What a fault did. */
export interface Outcome {
  readonly fault: string;
  /** Milliseconds; what the busy event loop added is taken off. */
  readonly longest: number;
  readonly longestCall: string;
  /** Calls that rejected, of all. */
  readonly failed: number;
  readonly calls: number;
  /** Milliseconds from the end of the fault until every instance hears of every other's next write. */
  readonly recovery: number;
  /** Keys for which Redis has not what their writer wrote last. */
  readonly lost: string[];
  /** Keys for which an instance and Redis disagree. */
  readonly stale: string[];
  /** Reads by which a writer saw something older than its own last write. */
  readonly ownStale: string[];
  readonly unhandled: string[];
  readonly errors: string[];
  readonly events: Record<string, string[]>;
  /** Sockets left in each process after its cache was closed. */
  readonly leftOpen: Record<string, number>;
}

export interface Drill {
  readonly fault: string;
  readonly instances: readonly Instance[];
  /** How an instance reaches Redis. */
  readonly optionsFor: (instance: string) => RedisCacheOptions;
  /** How Redis is reached past everything that is wrong with the way of the instances. */
  readonly direct: RedisCacheOptions;
  /** Brings the fault about, lasts as long as it does, and ends it. */
  readonly strike: () => Promise<void>;
  /** The server loses what it held: a key that is not there is as right as one that holds its last value. */
  readonly forgets?: boolean | undefined;
  readonly seed?: number | undefined;
  /** Default `'own'`. */
  readonly loads?: WorkloadPlan['loads'] | undefined;
}

const nothing: Expected = { version: undefined, mayMiss: true, history: '' };

const recoverWithinMs = 20_000;
const agreeWithinMs = 5_000;

/** Has the instances work before, during and after a fault, and compares what they and Redis hold at the end. */
export async function drill(plan: Drill): Promise<Outcome> {
  const { instances } = plan;
  const names = instances.map(({ name }) => name);
  const plans = names.map((name, i): WorkloadPlan => ({
    seed: (plan.seed ?? 1) * 10 + i,
    instance: name,
    others: names.filter((other) => other !== name),
    lanes: 4,
    keysPerLane: 6,
    paceMs: 3,
    loads: plan.loads ?? 'own',
  }));
  await Promise.all(
    instances.map((each, i) => each.open(plan.optionsFor(each.name), plans[i] as WorkloadPlan)),
  );
  const direct = new RedisCache({
    ...plan.direct,
    enableL1Cache: false,
    onError: 'throw',
    commandTimeout: '5s',
  });
  try {
    await heardByAll(instances, direct);
    await Promise.all(instances.map((each) => each.unhandled()));
    await Promise.all(instances.map((each) => each.start()));
    await pause(300);
    await plan.strike();
    const recovery = await heardByAll(instances, direct);
    await pause(300);
    await Promise.all(instances.map((each) => each.stop()));

    const truth: Truth = {};
    for (const each of instances) Object.assign(truth, await each.truth());
    const keys = plans.flatMap((each) =>
      Array.from({ length: each.lanes }, (_, lane) => keysOf(each, each.instance, lane)).flat(),
    );
    const differences = await agreement(plan, truth, keys, direct);
    const reports = await Promise.all(instances.map((each) => each.report()));
    const slowest = reports.reduce((one, other) =>
      one.longest - one.lag > other.longest - other.lag ? one : other,
    );
    const events = await byName(instances, (each) => each.events());
    await direct.close();
    const leftOpen = await byName(instances, (each) => each.close());
    return {
      fault: plan.fault,
      longest: Math.max(0, slowest.longest - slowest.lag),
      longestCall: slowest.longestCall,
      failed: sum(reports.map(({ failed }) => failed)),
      calls: sum(reports.map(({ calls }) => calls)),
      recovery,
      ...differences,
      ownStale: reports.flatMap(({ ownStale }) => ownStale),
      unhandled: (await Promise.all(instances.map((each) => each.unhandled()))).flat(),
      errors: reports.flatMap(({ errors }) => errors),
      events,
      leftOpen,
    };
  } finally {
    await direct.close();
    await Promise.all(instances.map((each) => each.close()));
  }
}

/** Milliseconds until what each instance writes is in Redis, and seen by all the others. */
export async function heardByAll(instances: readonly Instance[], direct: RedisCache): Promise<number> {
  const start = performance.now();
  const names = instances.map(({ name }) => name);
  await until(
    async () => {
      const count = Math.ceil(performance.now() * 1000);
      await Promise.all(instances.map((each) => each.beat(count)));
      // An invalidation may arrive a moment after the write that caused it has been answered.
      const end = performance.now() + 100;
      do {
        const seen = await Promise.all(instances.map((each) => each.see(names)));
        const stored = await direct
          .getMany<number>(names.map((name) => `beacon:${name}`))
          .catch(() => new Map());
        const all = [
          ...seen.flatMap((each) => names.map((name) => each.get(name))),
          ...names.map((name) => stored.get(`beacon:${name}`)),
        ];
        if (all.every((value) => value === count)) return true;
      } while (performance.now() < end);
      return false;
    },
    'every instance to hear of every other',
    recoverWithinMs,
  );
  return performance.now() - start;
}

/** Waits until Redis holds what was written last and every instance shows what Redis holds; returns what does not. */
async function agreement(
  plan: Drill,
  truth: Truth,
  keys: readonly string[],
  direct: RedisCache,
): Promise<Pick<Outcome, 'lost' | 'stale'>> {
  let differences: Pick<Outcome, 'lost' | 'stale'> = { lost: [], stale: [] };
  let agreed = 0;
  const forgetful = plan.forgets === true || plan.loads === 'shared';
  const end = performance.now() + agreeWithinMs;
  while (performance.now() < end) {
    const stored = await direct.getMany<Versioned>(keys);
    const seen = await byName(plan.instances, (each) => each.read(keys));
    differences = { lost: [], stale: [] };
    for (const key of keys) {
      const there = stored.get(key)?.version;
      const { version: written, mayMiss, history } = truth[key] ?? nothing;
      if (there !== written && !(there === undefined && (forgetful || mayMiss)))
        differences.lost.push(`${key}: ${String(there)} in Redis, ${String(written)} written; ${history}`);
      for (const [name, values] of Object.entries(seen)) {
        const version = values.get(key)?.version;
        if (version !== there)
          differences.stale.push(
            `${key}: ${String(version)} in ${name}, ${String(there)} in Redis, ${String(written)} written; ${history}`,
          );
      }
    }
    agreed = differences.lost.length + differences.stale.length === 0 ? agreed + 1 : 0;
    // Once they agree they go on agreeing.
    if (agreed === 3) break;
    await pause(20);
  }
  return differences;
}

async function byName<T>(
  instances: readonly Instance[],
  ask: (instance: Instance) => Promise<T>,
): Promise<Record<string, T>> {
  return Object.fromEntries(
    await Promise.all(instances.map(async (each) => [each.name, await ask(each)] as const)),
  );
}

/** For what lasts a while. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
