import { Redis, type RedisOptions } from 'ioredis';
import { listenTo } from '../redis/client-listeners.js';
import type { Deadlines } from '../redis/deadlines.js';
import { errorKindOf } from '../redis/errors.js';
import { tagTableUnder } from '../redis/tag-channel.js';
import type { ChannelListener } from './channel.js';
import { TagSubscription } from './tag-subscription.js';

/** Callbacks for the events of one tracked connection. */
export interface NodeListener extends ChannelListener {
  /** Tracking is about to start again. */
  onArming(): void;
}

export interface TrackingOptions {
  /**
   * `tracking`: the server announces changes of the keys that this client read. `broadcast`: of all keys under the
   * prefixes.
   */
  readonly mode: 'tracking' | 'broadcast';
  /**
   * Bounds each command of arming and of the heartbeat: silence is detected in time, however long `commandTimeout` is.
   */
  readonly deadlines: Deadlines;
  /** Bounds the opening of the invalidation connection: TCP, TLS and the handshake are several round trips. */
  readonly connecting: Deadlines;
}

const channel = '__redis__:invalidate';
const heartbeatMs = 2000;
/** Milliseconds between attempts to arm. They double up to `most`. */
const rearmMs = { first: 10, most: 1000 };

/**
 * Server-assisted client-side caching for one data connection
 * (https://redis.io/docs/latest/develop/reference/client-side-caching/).
 *
 * ioredis drops RESP3 `invalidate` pushes, so tracking redirects them to a second, RESP2 connection to the same server:
 * the invalidation connection. When either connection is lost, tracking is armed again with a new invalidation
 * connection: a new connection has a new client id, and a redirect to the id of a closed connection breaks silently.
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

  /** `prefixes` returns the prefixes of the caches on this connection. It is called each time tracking is armed. */
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

  /** Arms tracking again, for changed prefixes. */
  restart(): void {
    this.#lose('the key prefixes on this connection changed');
    this.#rearm();
  }

  get armed(): boolean {
    return this.#armed;
  }

  /** True once tracking has been armed. */
  get wasArmed(): boolean {
    return this.#wasArmed;
  }

  close(): void {
    this.#closed = true;
    this.#armed = false;
    clearTimeout(this.#timer);
    this.#stopListening?.();
    // A user's client stays open, and needs no tracking any more.
    if (this.#data.status === 'ready') this.#data.client('TRACKING', 'OFF').catch(ignore);
    this.#dropSubscriber();
  }

  readonly #dataClosed = (): void => {
    this.#lose('data connection closed');
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
    await connecting.within(subscriber.connect(), 'on the invalidation connection');
    // A subscribed RESP2 connection can no longer send CLIENT ID.
    const id = await deadlines.within(subscriber.client('ID'), 'CLIENT ID');
    subscriber.on('messageBuffer', this.#onMessage);
    const tags = this.#tagSubscription(subscriber);
    this.#tags = tags;
    if (mode === 'tracking') await tags.track(id, deadlines);
    else tags.trust();
    await deadlines.within(subscriber.subscribe(channel), 'SUBSCRIBE');
    await tags.subscribe(deadlines);
    // Tracking must be switched off first: the redirect of active tracking cannot be changed.
    await deadlines.within(this.#data.client('TRACKING', 'OFF'), 'CLIENT TRACKING');
    const prefixes = this.#prefixes().flatMap((prefix) => ['PREFIX', prefix]);
    // BCAST announces all changes of one turn of the server as one, so that own changes cannot be recognized: NOLOOP
    // leaves them out.
    const scope = mode === 'broadcast' ? ['BCAST', ...prefixes, 'NOLOOP'] : [];
    // The server announces no change that it got before this command.
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

  /** Connects to the server of the data connection: after a failover it is not the configured server. */
  #connectSubscriber(): Redis {
    const { stream, options } = this.#data;
    const merged: RedisOptions & { replyMapping?: 'legacy' } = {
      ...options,
      keyPrefix: '',
      replyMapping: 'legacy',
      protocol: 2,
      connectionName: `${options.connectionName ?? 'cache'}-invalidations`,
      lazyConnect: true,
      // The data connection is ready, so the server has loaded its data. It may not know INFO.
      enableReadyCheck: false,
      enableAutoPipelining: false,
      autoResubscribe: false,
      retryStrategy: null,
      disconnectTimeout: 20,
    };
    if ('remotePort' in stream && stream.remotePort !== undefined && stream.remoteAddress !== undefined) {
      merged.host = stream.remoteAddress;
      merged.port = stream.remotePort;
      delete merged.sentinels;
    }
    const subscriber = new Redis(merged);
    subscriber.on('error', ignore);
    subscriber.on('close', () => {
      if (this.#subscriber !== subscriber || this.#closed) return;
      this.#retry('invalidation connection closed');
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
    // The event `message` (not `messageBuffer`) would join the keys with commas. Null announces a flush.
    if (message === null) this.#listener.onFlush();
    else if (Array.isArray(message)) this.#keysChanged(message.map(String));
    else if (Buffer.isBuffer(message)) this.#keysChanged([message.toString()]);
  };

  #keysChanged(redisKeys: readonly string[]): void {
    const changed = this.#tags?.unexplained(redisKeys) ?? redisKeys;
    if (changed.length > 0) this.#listener.onInvalidate(changed);
  }

  /**
   * Detects a channel that failed silently, on either side: a peer that no longer answers, or a redirect to a closed
   * connection.
   */
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
    // A channel that was not armed is not lost: arming a Cluster node that is down is retried again and again.
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

/** The reply of Redis 7 lists `flags`, with `broken_redirect` once the invalidation connection is closed. */
function assertIntact(info: unknown): void {
  const words = JSON.stringify(info);
  if (words.includes('broken_redirect') || !words.includes('"on"'))
    throw new Error('CLIENT TRACKING is off, or its redirect is broken');
}

/** An error reply proves that the channel is alive. */
function tolerateRefusal(error: unknown): void {
  if (errorKindOf(error) !== 'permission') throw error;
}

/** Redis 6.0 has tracking, but no CLIENT TRACKINGINFO. */
function tolerateUnknown(error: unknown): void {
  if (!/unknown|syntax/i.test((error as Error).message)) tolerateRefusal(error);
}

function ignore(): void {
  // The 'close' event follows.
}
