import { Redis, type RedisOptions } from 'ioredis';
import { listenTo } from '../redis/client-listeners.js';
import type { Deadlines } from '../redis/deadlines.js';
import { errorKindOf } from '../redis/errors.js';
import { tagTableUnder, type TagMessage } from '../redis/tag-channel.js';
import { TagSubscription } from './tag-subscription.js';

/** What a lost or found invalidation channel, and what comes through it, means to its owner. */
export interface CoherenceListener {
  /** These keys were changed by somebody else. */
  onInvalidate(redisKeys: readonly string[]): void;
  /** The tag table at this key was changed, and how. */
  onTags(tableKey: string, message: TagMessage): void;
  /** The server forgot everything (`FLUSHALL`, `FLUSHDB`). */
  onFlush(): void;
  /** Changes may be missed from now on. */
  onLost(reason: string): void;
  /** Changes are not heard of, and could not be made to be: it goes on being tried. */
  onUnarmed(reason: string): void;
  /** From now on every change is heard of; what was read before may be old. */
  onArmed(): void;
}

/** What one tracked connection tells. */
export interface NodeListener extends CoherenceListener {
  /** Tracking is about to begin anew. */
  onArming(): void;
}

export interface TrackingOptions {
  /** `tracking`: the server remembers what this client read. `broadcast`: it tells of every key under `prefix`. */
  readonly mode: 'tracking' | 'broadcast';
  /** Bounds a command of arming and of the heartbeat, so that silence is noticed in time whatever `commandTimeout` is. */
  readonly deadlines: Deadlines;
  /** Bounds the second connection: TCP, TLS and greeting are several round trips. */
  readonly connecting: Deadlines;
}

const channel = '__redis__:invalidate';
const heartbeatMs = 2000;
/** Between attempts to arm: soon at first. */
const rearmMs = { first: 10, most: 1000 };

/**
 * Server-assisted client-side caching for one data connection (https://redis.io/docs/latest/develop/reference/client-side-caching/).
 *
 * ioredis drops RESP3 `invalidate` pushes, so they are redirected to a second, RESP2 connection to the very same server. Whatever
 * happens to either connection, tracking is armed anew with a new second connection: its client id has changed, and a
 * redirect to an id that is gone breaks without a word.
 */
export class ClientTracking {
  readonly #data: Redis;
  readonly #options: TrackingOptions;
  readonly #listener: NodeListener;
  readonly #prefixes: () => readonly string[];
  #stopListening: (() => void) | undefined;
  #subscriber: Redis | undefined;
  #tags: TagSubscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #armed = false;
  #wasArmed = false;
  #rearmAfterMs = rearmMs.first;
  #closed = false;

  /** `prefixes`: of the caches that it is about, asked each time it is armed. */
  constructor(
    data: Redis,
    prefixes: () => readonly string[],
    options: TrackingOptions,
    listener: NodeListener,
  ) {
    this.#data = data;
    this.#prefixes = prefixes;
    this.#options = options;
    this.#listener = listener;
  }

  start(): void {
    this.#stopListening = listenTo(this.#data, { ready: this.#rearm, close: this.#dataClosed });
    if (this.#data.status === 'ready') this.#rearm();
  }

  /** Arms anew, for other prefixes. */
  restart(): void {
    this.#lose('the prefixes have changed');
    this.#rearm();
  }

  get armed(): boolean {
    return this.#armed;
  }

  /** It has been armed at least once. */
  get wasArmed(): boolean {
    return this.#wasArmed;
  }

  close(): void {
    this.#closed = true;
    this.#armed = false;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    // A client of the user's own lives on, and need not be tracked any more.
    if (this.#data.status === 'ready') this.#data.client('TRACKING', 'OFF').catch(ignore);
    this.#dropSubscriber();
  }

  readonly #dataClosed = (): void => {
    this.#lose('the data connection was closed');
    clearTimeout(this.#timer);
  };

  readonly #rearm = (): void => {
    clearTimeout(this.#timer);
    this.#dropSubscriber();
    this.#arm().catch((error: unknown) => {
      if (this.#closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#listener.onUnarmed(reason);
      this.#retry(reason);
    });
  };

  async #arm(): Promise<void> {
    if (this.#closed || this.#data.status !== 'ready') return;
    const { deadlines, connecting, mode } = this.#options;
    const subscriber = this.#connectSubscriber();
    await connecting.within(subscriber.connect(), 'the invalidation connection');
    // A client that subscribes can no longer ask who it is.
    const id = await deadlines.within(subscriber.client('ID'), 'CLIENT ID');
    subscriber.on('messageBuffer', this.#onMessage);
    const tags = this.#tagSubscription(subscriber);
    this.#tags = tags;
    if (mode === 'tracking') await tags.track(id, deadlines);
    else tags.trust();
    await deadlines.within(subscriber.subscribe(channel), 'SUBSCRIBE');
    await tags.subscribe(deadlines);
    // Tracking that is on cannot change its redirect to a client that has gone without being switched off first.
    await deadlines.within(this.#data.client('TRACKING', 'OFF'), 'CLIENT TRACKING');
    const prefixes = this.#prefixes().flatMap((prefix) => ['PREFIX', prefix]);
    // BCAST tells of all changes of one turn at once, however many there were: own ones can't be told apart, and NOLOOP leaves them out.
    const scope = mode === 'broadcast' ? ['BCAST', ...prefixes, 'NOLOOP'] : [];
    // The server tells of no command that it got before this one.
    this.#listener.onArming();
    const on = this.#data.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), ...scope);
    await deadlines.within(on, 'CLIENT TRACKING');
    if (this.#subscriber !== subscriber) return;
    this.#armed = true;
    this.#wasArmed = true;
    this.#rearmAfterMs = rearmMs.first;
    this.#listener.onArmed();
    this.#timer = setTimeout(this.#heartbeat, heartbeatMs);
    this.#timer.unref();
  }

  #tagSubscription(subscriber: Redis): TagSubscription {
    const database = this.#data.isCluster ? 0 : (this.#data.options.db ?? 0);
    return new TagSubscription(subscriber, this.#prefixes().map(tagTableUnder), database, {
      onTags: (tableKey, message) => {
        this.#listener.onTags(tableKey, message);
      },
      onTable: (tableKey) => {
        this.#listener.onInvalidate([tableKey]);
      },
    });
  }

  /** A connection to where the data connection goes now: after a failover that is another server than was asked for. */
  #connectSubscriber(): Redis {
    const { stream, options } = this.#data;
    const own: RedisOptions & { replyMapping?: 'legacy' } = {
      ...options,
      keyPrefix: '',
      replyMapping: 'legacy',
      protocol: 2,
      connectionName: `${options.connectionName ?? 'cache'}-invalidations`,
      lazyConnect: true,
      // The data connection is ready, so the server has loaded its data; it may not know INFO.
      enableReadyCheck: false,
      enableAutoPipelining: false,
      autoResubscribe: false,
      retryStrategy: null,
      disconnectTimeout: 20,
    };
    if ('remotePort' in stream && stream.remotePort !== undefined && stream.remoteAddress !== undefined) {
      own.host = stream.remoteAddress;
      own.port = stream.remotePort;
      delete own.sentinels;
    }
    const subscriber = new Redis(own);
    subscriber.on('error', ignore);
    subscriber.on('close', () => {
      if (this.#subscriber !== subscriber || this.#closed) return;
      this.#retry('the invalidation connection was closed');
    });
    this.#subscriber = subscriber;
    return subscriber;
  }

  #dropSubscriber(): void {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    subscriber?.off('messageBuffer', this.#onMessage);
    subscriber?.disconnect();
  }

  readonly #onMessage = (from: Buffer, message: unknown): void => {
    if (this.#tags?.take(from.toString(), message) === true) return;
    // `message` (not `messageBuffer`) would join the keys with commas; null says that everything was flushed.
    if (message === null) this.#listener.onFlush();
    else if (Array.isArray(message)) this.#tellChanged(message.map(String));
    else if (Buffer.isBuffer(message)) this.#tellChanged([message.toString()]);
  };

  #tellChanged(redisKeys: readonly string[]): void {
    const changed = this.#tags?.unexplained(redisKeys) ?? redisKeys;
    if (changed.length > 0) this.#listener.onInvalidate(changed);
  }

  /** A channel can die without a word, on either side: a silent peer, or a redirect to a client that is gone. */
  readonly #heartbeat = (): void => {
    const subscriber = this.#subscriber;
    if (subscriber === undefined || this.#closed) return;
    const { deadlines } = this.#options;
    const checks = [
      deadlines.within(subscriber.ping(), 'PING').catch(tolerateRefusal),
      deadlines
        .within(this.#data.call('CLIENT', 'TRACKINGINFO'), 'CLIENT TRACKINGINFO')
        .then(assertIntact, tolerateUnknown),
    ];
    Promise.all(checks).then(
      () => {
        if (this.#subscriber !== subscriber) return;
        this.#timer = setTimeout(this.#heartbeat, heartbeatMs);
        this.#timer.unref();
      },
      (error: unknown) => {
        if (this.#subscriber === subscriber) this.#retry((error as Error).message);
      },
    );
  };

  #lose(reason: string): void {
    this.#dropSubscriber();
    // What was never there is not lost: a node of a Cluster that is down is tried again and again.
    if (!this.#armed) return;
    this.#armed = false;
    this.#listener.onLost(reason);
  }

  #retry(reason: string): void {
    this.#lose(reason);
    if (this.#closed || this.#data.status !== 'ready') return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#rearm, this.#rearmAfterMs);
    this.#rearmAfterMs = Math.min(this.#rearmAfterMs * 2, rearmMs.most);
    this.#timer.unref();
  }
}

/** Redis 7 tells `flags` among others; `broken_redirect` stands there once the second connection has gone. */
function assertIntact(info: unknown): void {
  const words = JSON.stringify(info);
  if (words.includes('broken_redirect') || !words.includes('"on"')) throw new Error('tracking is broken');
}

/** An answer, if a bad one: the channel is alive. */
function tolerateRefusal(error: unknown): void {
  if (errorKindOf(error) !== 'permission') throw error;
}

/** Redis 6.0 has tracking, and no way to ask about it. */
function tolerateUnknown(error: unknown): void {
  if (!/unknown|syntax/i.test((error as Error).message)) tolerateRefusal(error);
}

function ignore(): void {
  // The 'close' event follows.
}
