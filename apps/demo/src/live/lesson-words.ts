import type { Counts } from './tally.js';

/** What a visitor can try. */
export const experiments = ['callers', 'database-failing', 'database-slow', 'redis-stop', 'reprice'] as const;
export type Experiment = (typeof experiments)[number];

export type RedisState = 'running' | 'stopped' | 'none';

/** What an experiment measured, in all instances together. */
export interface Measured {
  readonly experiment: Experiment;
  readonly map: Counts;
  readonly cache: Counts;
  /** The state of Redis when the experiment began. */
  readonly redis: RedisState;
  /** The callers of each instance, for `callers`. */
  readonly callers: number;
}

/** What one way to read did: a figure and a sentence. */
export interface Did {
  readonly figure: string;
  readonly unit: string;
  readonly text: string;
  /** True: a shopper or the database suffered. */
  readonly isBad: boolean;
}

export interface Lesson {
  readonly title: string;
  readonly map: Did;
  readonly cache: Did;
  readonly why: string;
}

const words: Readonly<Record<Experiment, (measured: Measured) => Lesson>> = {
  callers: ({ map, cache, redis, callers }) => ({
    title: `${count(callers, 'caller')} asked each instance at the same moment, just when the price had expired.`,
    map: asked('The Map', map),
    cache: asked('The cache', cache),
    why:
      'When a popular entry expires, every waiting request runs the same query: a cache stampede. The cache lets one ' +
      'caller load and gives its result to the others: within an instance by single flight, between instances by a ' +
      `lease in Redis.${redis === 'running' ? '' : ' Without Redis there is no lease, so each instance loads once.'}`,
  }),
  'database-failing': ({ map, cache }) => ({
    title: 'The price had expired, and the database failed.',
    map: failed('The Map', map),
    cache: failed('The cache', cache),
    why:
      'An expired entry is kept for its grace, here one hour. While the database fails, the last good price is served ' +
      'instead of an error. Shoppers can still buy.',
  }),
  'database-slow': ({ map, cache }) => ({
    title: 'The price had expired, and a query took 3 seconds.',
    map: waited('The Map', map),
    cache: waited('The cache', cache),
    why:
      'After a soft time-out, here 300 ms, the last good price is served and the load goes on in the background. The ' +
      'Map makes each caller wait for a query of its own, and a slow database gets still more to do.',
  }),
  'redis-stop': ({ map, cache }) => ({
    title: 'Redis stopped.',
    map: {
      figure: figure(map.errors),
      unit: 'errors',
      text: `The Map never uses Redis: each instance keeps a price of its own. Together they ${asking(map.queries)}.`,
      isBad: map.errors > 0,
    },
    cache: {
      figure: figure(cache.errors),
      unit: 'errors',
      text: `The cache answered ${count(cache.reads, 'read')} from the memory of its instances and ${asking(cache.queries)}.`,
      isBad: cache.errors > 0,
    },
    why:
      'A shared cache must not be a new way to fail. A circuit breaker notices the outage, each instance continues ' +
      'with its memory, and changes are written down and replayed when Redis is back.',
  }),
  reprice: ({ map, cache, redis }) => ({
    title: 'Both instances had just read the price. Then B changed it.',
    map: sold('The Map', map),
    cache: sold('The cache', cache),
    why:
      redis === 'running'
        ? 'The cache sends an invalidation to the other instances through Redis, and they drop the price from memory ' +
          'within milliseconds. The Map of A hears nothing and shows the old price until its ttl ends, here 5 s.'
        : 'An invalidation travels through Redis. Without Redis, the other instance shows the old price until its ttl ' +
          'ends, here 5 s, with the Map and with the cache. ' +
          (redis === 'stopped'
            ? 'Start Redis and try again.'
            : 'Put a redis-server on the PATH and start the demo again to see the difference.'),
  }),
};

/** What an experiment showed, in words. */
export function lessonOf(measured: Measured): Lesson {
  return words[measured.experiment](measured);
}

function asked(subject: string, { queries }: Counts): Did {
  return {
    figure: figure(queries),
    unit: queries === 1 ? 'database query' : 'database queries',
    text: `${subject} ${asking(queries)}.`,
    isBad: queries > 2,
  };
}

function failed(subject: string, { errors, stale }: Counts): Did {
  const rescued = stale === 0 ? '' : ` It served the last good price ${times(stale)}.`;
  return {
    figure: figure(errors),
    unit: errors === 1 ? 'error' : 'errors',
    text: `${subject} gave shoppers ${errors === 0 ? 'no error' : count(errors, 'error')}.${rescued}`,
    isBad: errors > 0,
  };
}

function waited(subject: string, { slowest, queries }: Counts): Did {
  return {
    figure: seconds(slowest),
    unit: 'longest wait',
    text: `${subject} made a shopper wait up to ${seconds(slowest)} and ${asking(queries)}.`,
    isBad: slowest >= 1000,
  };
}

function sold(subject: string, { old }: Counts): Did {
  return {
    figure: figure(old),
    unit: old === 1 ? 'old price' : 'old prices',
    text: old === 0 ? `${subject} showed no old price.` : `${subject} showed the old price ${times(old)}.`,
    isBad: old > 1,
  };
}

function figure(number: number): string {
  return number.toLocaleString('en');
}

function count(number: number, noun: string): string {
  return `${figure(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function asking(queries: number): string {
  return queries === 0 ? 'did not ask the database' : `asked the database ${times(queries)}`;
}

function times(number: number): string {
  return number === 1 ? 'once' : `${figure(number)} times`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${String(Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}
