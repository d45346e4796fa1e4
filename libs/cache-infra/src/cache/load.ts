import { activity } from './activity.js';
import { failed, type CacheCore } from './core.js';
import { LoadDecisions, type Flight, type Landing } from './flight.js';
import { keep } from './isolation.js';
import type { Loader } from './options.js';
import type { Place } from './place.js';
import type { StorePlan } from './store-plan.js';

/** Starts the flight for a key: the L2 is asked, then the loader runs, then the value is stored, unless fenced. */
export function fly(
  core: CacheCore,
  place: Place,
  key: string,
  flight: Flight,
  loader: Loader<unknown>,
  plan: StorePlan,
): void {
  const id = place.id(key);
  flight.tags = place.coveringTags(plan.tags);
  flight.onAbandoned = () => {
    core.flights.end(id, flight);
  };
  core.flights.start(id, flight);
  flight.depart(
    land(core, place, key, flight, loader, plan).finally(() => {
      core.flights.end(id, flight);
    }),
  );
}

async function land(
  core: CacheCore,
  place: Place,
  key: string,
  flight: Flight,
  loader: Loader<unknown>,
  plan: StorePlan,
): Promise<Landing> {
  const { l2, counters, isolation, tags } = core.parts;
  let redisFailed = false;
  if (l2 !== undefined) {
    // What is known of tags when the loader starts decides which later invalidations cover its value.
    const news = tags.newsForLoad(plan.tags.length > 0);
    news?.catch(ignore);
    if (!flight.forced) {
      const found = await core.tryL2('getOrSet', place, key);
      if (found !== undefined && found !== failed && !isOverruled(flight)) {
        return { value: found.value, kept: true, tier: 'l2', tags: [], tagEpoch: 0 };
      }
      redisFailed = found === failed;
      counters.l2Misses++;
    }
    await news?.catch(ignore);
  }
  // Whoever waited may have left while Redis was asked.
  flight.signal.throwIfAborted();
  const epoch = tags.table.latest;
  const decisions = new LoadDecisions(key, flight, place, plan);
  const value = await run(core, loader, decisions);
  if (value === undefined || decisions.skipped) {
    return { value, kept: false, tier: undefined, tags: flight.tags, tagEpoch: epoch };
  }
  const kept = keep(value, isolation);
  await core.store('getOrSet', place, key, kept, decisions.plan, flight, { epoch, redisFailed });
  if (activity.enabled) activity.note('set', undefined, undefined);
  return { value: kept.value, kept: true, tier: undefined, tags: flight.tags, tagEpoch: epoch };
}

/** A caller who forces a refresh may have joined while the L2 was asked. */
function isOverruled(flight: Flight): boolean {
  return flight.forced;
}

async function run(core: CacheCore, loader: Loader<unknown>, decisions: LoadDecisions): Promise<unknown> {
  const { counters } = core.parts;
  counters.loads++;
  const start = activity.enabled ? performance.now() : 0;
  try {
    return await loader(decisions);
  } catch (error) {
    counters.loadErrors++;
    throw error;
  } finally {
    if (activity.enabled) activity.note('load', undefined, performance.now() - start);
  }
}

function ignore(): void {
  // Redis is away: what this process knows of tags has to do.
}
