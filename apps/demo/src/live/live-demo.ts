import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { CacheRegistry } from 'nestjs-cache-infra';
import { dashboardRoute } from '../dashboard/dashboard.js';
import { Experiments } from './experiments.js';
import { cacheNameOf, instanceNames, type InstanceName } from './live-caches.js';
import { LiveLog } from './live-log.js';
import { LiveRedis } from './live-redis.js';
import type { Action, LiveState } from './live-state.js';
import { PriceDatabase } from './price-database.js';
import { ttlMs } from './reader.js';
import { instanceOf, lanesOf, type Instances } from './stage.js';

/** Milliseconds between the reads of a lane, and until the reads stop when no page polls. */
const readEvery = 250;
const idleAfter = 5000;
/** Milliseconds within which the other instance receives an invalidation. */
const hearsWithin = 25;
const callers = 100;
const firstPrice = 3900;

interface Stage {
  readonly instances: Instances;
  readonly experiments: Experiments;
}

/** Two instances of a shop, each reading a price through a cache of this library and through a plain `Map`. */
@Injectable()
export class LiveDemo {
  readonly #database = new PriceDatabase();
  #stage: Promise<Stage> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  /** The latest periodic reads. */
  #reading: Promise<unknown> = Promise.resolve();
  #isPaused = false;

  constructor(
    private readonly registry: CacheRegistry,
    private readonly redis: LiveRedis,
    private readonly log: LiveLog,
  ) {}

  /** The state of the page. The first call starts the demo, and each call keeps the reads running. */
  async state(): Promise<LiveState> {
    const stage = await this.#started();
    this.#keepReading();
    return {
      redis: this.redis.state,
      database: this.#database.state,
      price: this.#database.price,
      dashboard: dashboardRoute,
      experiment: stage.experiments.shown(),
      instances: stage.instances.map(({ name, cache, map }) => ({
        name,
        cache: cache.report(),
        map: map.report(),
      })),
      log: this.log.lines(),
    };
  }

  async act(action: Action): Promise<void> {
    const stage = await this.#started();
    switch (action) {
      case 'callers':
        return this.#manyCallers(stage);
      case 'reprice':
        return this.#reprice(stage);
      case 'database-slow':
        return this.#breakDatabase(stage, 'slow');
      case 'database-failing':
        return this.#breakDatabase(stage, 'failing');
      case 'database-fine':
        this.#repairDatabase(stage);
        return;
      case 'redis-stop':
        return this.#stopRedis(stage);
      case 'redis-start':
        return this.#startRedis(stage);
      case 'start-over':
        return this.#startOver(stage);
    }
  }

  #started(): Promise<Stage> {
    return (this.#stage ??= this.#start());
  }

  async #start(): Promise<Stage> {
    const stores = (name: InstanceName) => this.registry.get(cacheNameOf(name));
    const isShared = this.redis.state !== 'none';
    this.log.tell(isShared ? 'The shop opens, with a Redis of its own' : 'The shop opens, without Redis');
    // The first read prepares what later reads find ready, such as the connection: it is no part of a comparison.
    await Promise.all(instanceNames.map((name) => stores(name).get('connect')));
    const instances: Instances = [
      instanceOf('A', stores('A'), this.#database),
      instanceOf('B', stores('B'), this.#database),
    ];
    return { instances, experiments: new Experiments(instances, callers, (text) => this.log.tell(text)) };
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
    const stage = await this.#started();
    if (this.#isPaused) return;
    this.#reading = Promise.all(lanesOf(stage.instances).map((lane) => lane.read()));
    await this.#reading;
  }

  async #manyCallers(stage: Stage): Promise<void> {
    await this.#alone(async () => {
      await this.#expireAll(stage);
      stage.experiments.begin('callers', this.redis.state);
      this.log.tell(`${String(callers)} callers ask each instance at once`);
      await Promise.all(lanesOf(stage.instances).map((lane) => lane.readBy(callers)));
      stage.experiments.end('callers');
    });
  }

  /** Runs `work` while the periodic reads pause; not if such work already runs. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#isPaused) return;
    this.#isPaused = true;
    try {
      await this.#reading;
      await work();
    } finally {
      this.#isPaused = false;
    }
  }

  /** Expires the price everywhere, as if its ttl had ended. */
  async #expireAll(stage: Stage): Promise<void> {
    for (const { reader } of lanesOf(stage.instances)) {
      await reader.expire();
      await wait(hearsWithin);
    }
  }

  async #reprice(stage: Stage): Promise<void> {
    const [a, b] = stage.instances;
    await this.#alone(async () => {
      // A has just read the price: the longest time until a ttl ends.
      await Promise.all([a.map, a.cache].map((lane) => lane.reader.expire().then(() => lane.read())));
      stage.experiments.begin('reprice', this.redis.state);
      this.#database.change(this.#database.price + 100);
      this.log.tell(`Instance B changes the price to ${inEuros(this.#database.price)}`);
      await Promise.all([b.cache.reader.changed(), b.map.reader.changed()]);
      stage.experiments.endAfter(ttlMs + readEvery);
    });
  }

  async #breakDatabase(stage: Stage, state: 'slow' | 'failing'): Promise<void> {
    if (this.#database.state === 'fine') await this.#reading;
    this.#database.state = state;
    stage.experiments.begin(`database-${state}`, this.redis.state);
    this.log.tell(state === 'slow' ? 'The database needs 3 s for a query' : 'The database fails');
    await this.#expireAll(stage);
  }

  #repairDatabase(stage: Stage): void {
    if (this.#database.state === 'fine') return;
    this.#database.state = 'fine';
    this.log.tell('The database is fine again');
    stage.experiments.end('database-slow', 'database-failing');
  }

  async #stopRedis(stage: Stage): Promise<void> {
    if (this.redis.state !== 'running') return;
    stage.experiments.begin('redis-stop', 'running');
    this.log.tell('Redis stops');
    await this.redis.stop();
  }

  async #startRedis(stage: Stage): Promise<void> {
    if (this.redis.state !== 'stopped') return;
    this.log.tell('Redis starts, empty');
    await this.redis.resume();
    stage.experiments.end('redis-stop');
  }

  async #startOver(stage: Stage): Promise<void> {
    this.#repairDatabase(stage);
    await this.#startRedis(stage);
    this.#database.change(firstPrice);
    await Promise.all(lanesOf(stage.instances).map(({ reader }) => reader.changed()));
    for (const lane of lanesOf(stage.instances)) lane.startOver();
    stage.experiments.forget();
    this.log.clear();
    this.log.tell('The demo starts over');
  }
}

function inEuros(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`;
}
