import type { Cache } from 'nestjs-cache-infra';
import { CachedReader } from './cached-reader.js';
import { Lane } from './lane.js';
import type { InstanceName } from './live-caches.js';
import { NaiveReader } from './naive-reader.js';
import type { PriceDatabase } from './price-database.js';

/** An instance of the shop: it reads the price through a cache, and through a `Map`. */
export interface Instance {
  readonly name: InstanceName;
  readonly cache: Lane;
  readonly map: Lane;
}

export type Instances = readonly [Instance, Instance];

export function instanceOf(name: InstanceName, store: Cache, database: PriceDatabase): Instance {
  return {
    name,
    cache: new Lane((onQuery) => new CachedReader(store, database, onQuery), database),
    map: new Lane((onQuery) => new NaiveReader(database, onQuery), database),
  };
}

export function lanesOf(instances: readonly Instance[]): readonly Lane[] {
  return instances.flatMap(({ cache, map }) => [cache, map]);
}
