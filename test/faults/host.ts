import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { CacheEventName } from '../../libs/cache-infra/src/cache/contract/events.js';
import {
  Workload,
  type Database,
  type Truth,
  type Versioned,
  type WorkloadPlan,
  type WorkloadReport,
} from './workload.js';

/** An instance of an application as the fault suite drives it, in this process or in another. */
export interface Instance {
  readonly name: string;
  open(options: RedisCacheOptions, plan: WorkloadPlan): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  report(): Promise<WorkloadReport>;
  truth(): Promise<Truth>;
  read(keys: readonly string[]): Promise<Map<string, Versioned>>;
  /** Stores a number under this instance's beacon. */
  beat(count: number): Promise<void>;
  /** The beacons of these instances. */
  see(names: readonly string[]): Promise<Map<string, number>>;
  /** So many reads of different keys at once; milliseconds until the last of them was answered. Rejects if one does. */
  burst(count: number): Promise<number>;
  /** `name: reason` of every change of state, with the milliseconds of the day. */
  events(): Promise<string[]>;
  /** What no handler caught since the last call. */
  unhandled(): Promise<string[]>;
  /** Closes the cache; returns how many sockets of it are left in the process. */
  close(): Promise<number>;
}

const told = [
  'degraded',
  'recovered',
  'breakerOpen',
  'coherenceLost',
  'coherenceRestored',
  'journalOverflow',
] as const satisfies readonly CacheEventName[];

/** Drives a cache in the process it runs in. */
export class InstanceHost implements Instance {
  readonly name: string;
  readonly #make: (options: RedisCacheOptions) => Cache;
  readonly #database: Database;
  readonly #ownProcess: boolean;
  readonly #unhandled: string[] = [];
  #cache: Cache | undefined;
  #workload: Workload | undefined;
  #events: string[] = [];
  #openBefore = 0;

  /** `ownProcess`: nothing else in this process opens sockets, so that those which are left are the cache's. */
  constructor(
    name: string,
    make: (options: RedisCacheOptions) => Cache,
    database: Database,
    ownProcess: boolean,
  ) {
    this.name = name;
    this.#make = make;
    this.#database = database;
    this.#ownProcess = ownProcess;
    process.on('unhandledRejection', this.#onUnhandled);
    process.on('uncaughtException', this.#onUnhandled);
  }

  async open(options: RedisCacheOptions, plan: WorkloadPlan): Promise<void> {
    this.#openBefore = sockets();
    const cache = this.#make(options);
    this.#events = [];
    const note = (name: string, detail: object): void => {
      const reason = Object.keys(detail).length > 0 ? `: ${Object.values(detail).join(', ')}` : '';
      this.#events.push(`${String(Date.now() % 86_400_000)} ${name}${reason}`);
    };
    for (const name of told) cache.on(name, (detail) => note(name, detail));
    const messages = new Set<string>();
    cache.on('error', ({ operation, error }) => {
      const message = `${operation}: ${error.message}`;
      if (messages.size < 10 && !messages.has(message)) note('error', { message });
      messages.add(message);
    });
    this.#cache = cache;
    this.#workload = new Workload(cache, plan, this.#database);
    // Connected, and tracked, before anything is measured.
    await cache.get('warm up');
  }

  async start(): Promise<void> {
    this.#work.start();
  }

  async stop(): Promise<void> {
    await this.#work.stop();
  }

  async report(): Promise<WorkloadReport> {
    return this.#work.report();
  }

  async truth(): Promise<Truth> {
    return this.#work.truth();
  }

  async read(keys: readonly string[]): Promise<Map<string, Versioned>> {
    return this.#open.getMany<Versioned>(keys);
  }

  async beat(count: number): Promise<void> {
    await this.#open.set(`beacon:${this.name}`, count);
  }

  async see(names: readonly string[]): Promise<Map<string, number>> {
    const beacons = await this.#open.getMany<number>(names.map((name) => `beacon:${name}`));
    return new Map([...beacons].map(([key, count]) => [key.slice('beacon:'.length), count]));
  }

  async burst(count: number): Promise<number> {
    const start = performance.now();
    await Promise.all(Array.from({ length: count }, (_, i) => this.#open.get(`burst:${String(i)}`)));
    return performance.now() - start;
  }

  async events(): Promise<string[]> {
    return this.#events;
  }

  async unhandled(): Promise<string[]> {
    // What was rejected in this turn is told of after it.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return this.#unhandled.splice(0);
  }

  async close(): Promise<number> {
    await this.#cache?.close();
    this.#cache = undefined;
    if (!this.#ownProcess) return 0;
    // A socket is closed in the next turns of the event loop.
    const end = performance.now() + 1000;
    while (sockets() > this.#openBefore && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return Math.max(0, sockets() - this.#openBefore);
  }

  /** The process is as it was. */
  detach(): void {
    process.off('unhandledRejection', this.#onUnhandled);
    process.off('uncaughtException', this.#onUnhandled);
  }

  get #open(): Cache {
    if (this.#cache === undefined) throw new Error(`${this.name} is not open`);
    return this.#cache;
  }

  get #work(): Workload {
    if (this.#workload === undefined) throw new Error(`${this.name} is not open`);
    return this.#workload;
  }

  readonly #onUnhandled = (error: unknown): void => {
    this.#unhandled.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  };
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /TCP(Socket|Connect)|PipeConnect/.test(kind))
    .length;
}
