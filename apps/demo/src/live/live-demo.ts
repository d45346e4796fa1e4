import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { InMemoryCache, RedisCache, type Cache } from 'nestjs-cache-infra';
import type { RedisServer } from 'nestjs-cache-infra/testing';
import { CachedReader } from './cached-reader.js';
import { embeddedRedis } from './embedded-redis.js';
import { Lane, type LaneReport } from './lane.js';
import { NaiveReader } from './naive-reader.js';
import { PriceDatabase, type DatabaseState } from './price-database.js';
import type { Reader } from './reader.js';

export const actions = [
  'callers',
  'reprice',
  'database-fine',
  'database-slow',
  'database-failing',
  'redis-stop',
  'redis-start',
] as const;
export type Action = (typeof actions)[number];

export interface LiveState {
  readonly redis: 'running' | 'stopped' | 'none';
  readonly database: DatabaseState;
  /** Cents. */
  readonly price: number;
  readonly instances: readonly {
    readonly name: string;
    readonly cache: LaneReport;
    readonly map: LaneReport;
  }[];
  /** Oldest first. */
  readonly log: readonly { readonly at: string; readonly text: string }[];
}

interface Instance {
  readonly name: string;
  readonly store: Cache;
  readonly cache: Lane;
  readonly map: Lane;
}

interface Stage {
  readonly redis: RedisServer | undefined;
  readonly instances: readonly [Instance, Instance];
}

const databaseStates = {
  'database-fine': 'fine',
  'database-slow': 'slow',
  'database-failing': 'failing',
} as const;

/** Milliseconds between the reads of a lane, and until the reads stop when no page polls. */
const readEvery = 250;
const idleAfter = 5000;
/** Milliseconds within which the other instance receives an invalidation. */
const hearsWithin = 25;
const callers = 100;
const logged = 12;

/** Two instances of a service, each reading a price through a cache of this library and through a plain `Map`. */
@Injectable()
export class LiveDemo implements OnApplicationShutdown {
  readonly #database = new PriceDatabase();
  readonly #logger = new Logger('LiveDemo');
  #stage: Promise<Stage> | undefined;
  #isRedisRunning = false;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** The latest periodic reads, which pause during a burst of concurrent callers. */
  #reading: Promise<unknown> = Promise.resolve();
  #areCallersOut = false;
  #log: { at: string; text: string }[] = [];

  /** The state of the page. The first call starts the demo, and each call keeps the reads running. */
  async state(): Promise<LiveState> {
    const { redis, instances } = await this.#started();
    this.#keepReading();
    return {
      redis: redis === undefined ? 'none' : this.#isRedisRunning ? 'running' : 'stopped',
      database: this.#database.state,
      price: this.#database.price,
      instances: instances.map(({ name, cache, map }) => ({
        name,
        cache: cache.report(),
        map: map.report(),
      })),
      log: this.#log,
    };
  }

  async act(action: Action): Promise<void> {
    const stage = await this.#started();
    switch (action) {
      case 'callers':
        this.#areCallersOut = true;
        return this.#manyCallers(stage).finally(() => (this.#areCallersOut = false));
      case 'reprice':
        return this.#reprice(stage);
      case 'database-fine':
      case 'database-slow':
      case 'database-failing':
        this.#setDatabase(databaseStates[action]);
        return;
      case 'redis-stop':
        return this.#setRedis(stage, false);
      case 'redis-start':
        return this.#setRedis(stage, true);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    const stage = await this.#stage?.catch(() => undefined);
    if (stage === undefined) return;
    await Promise.all(stage.instances.map(({ store }) => store.close()));
    await stage.redis?.stop();
  }

  #started(): Promise<Stage> {
    return (this.#stage ??= this.#start());
  }

  async #start(): Promise<Stage> {
    const redis = await embeddedRedis().catch((error: unknown) => {
      this.#logger.warn(`Redis failed to start, the demo continues without Redis: ${String(error)}`);
      return undefined;
    });
    this.#isRedisRunning = redis !== undefined;
    return { redis, instances: [this.#instance('A', redis), this.#instance('B', redis)] };
  }

  #instance(name: string, redis: RedisServer | undefined): Instance {
    const store =
      redis === undefined
        ? new InMemoryCache({ name: `live-${name}` })
        : new RedisCache({
            name: `live-${name}`,
            redisUrl: redis.url,
            keyPrefix: 'demo-live',
            logger: this.#cacheLogger(name),
          });
    return {
      name,
      store,
      cache: this.#lane((onQuery) => new CachedReader(store, this.#database, onQuery)),
      map: this.#lane((onQuery) => new NaiveReader(this.#database, onQuery)),
    };
  }

  #lane(reader: (onQuery: () => void) => Reader): Lane {
    const lane: Lane = new Lane(
      reader(() => {
        lane.queries += 1;
      }),
      this.#database,
    );
    return lane;
  }

  /** The logger of a cache: its messages about Redis appear on the page. */
  #cacheLogger(name: string) {
    const tell = (message: string): void => {
      this.#tell(`Instance ${name}: ${message}`);
    };
    return { log: tell, warn: tell };
  }

  #tell(text: string): void {
    this.#log = [...this.#log, { at: new Date().toISOString(), text }].slice(-logged);
  }

  #keepReading(): void {
    this.#lookedAt = Date.now();
    this.#timer ??= setInterval(() => void this.#readAll(), readEvery).unref();
  }

  async #readAll(): Promise<void> {
    if (Date.now() - this.#lookedAt > idleAfter) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const { instances } = await this.#started();
    if (this.#areCallersOut) return;
    this.#reading = Promise.all(instances.flatMap(({ cache, map }) => [cache.read(), map.read()]));
    await this.#reading;
  }

  async #manyCallers({ instances }: Stage): Promise<void> {
    const lanes = instances.flatMap(({ cache, map }) => [cache, map]);
    await this.#reading;
    for (const { reader } of lanes) {
      await reader.expire();
      await wait(hearsWithin);
    }
    const before = lanes.map(({ queries }) => queries);
    await Promise.all(lanes.flatMap((lane) => Array.from({ length: callers }, () => lane.read())));
    const [cacheA = 0, mapA = 0, cacheB = 0, mapB = 0] = lanes.map(
      ({ queries }, i) => queries - (before[i] ?? 0),
    );
    this.#tell(
      `${String(callers)} callers on each instance: ${queriesOf(cacheA + cacheB)} by the cache, ${queriesOf(mapA + mapB)} by the Map`,
    );
  }

  async #reprice({ instances: [, b] }: Stage): Promise<void> {
    this.#database.change(this.#database.price + 100);
    await Promise.all([b.cache.reader.changed(), b.map.reader.changed()]);
    this.#tell(`Instance B changes the price to ${inEuros(this.#database.price)}`);
  }

  #setDatabase(state: DatabaseState): void {
    this.#database.state = state;
    this.#tell(`The database is ${state}`);
  }

  async #setRedis({ redis }: Stage, isRunning: boolean): Promise<void> {
    if (redis === undefined || this.#isRedisRunning === isRunning) return;
    this.#isRedisRunning = isRunning;
    this.#tell(isRunning ? 'Redis starts, empty' : 'Redis stops');
    await (isRunning ? redis.start() : redis.stop());
  }
}

function queriesOf(count: number): string {
  return count === 1 ? '1 query' : `${String(count)} queries`;
}

function inEuros(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}
