import { randomBytes } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { listenTo } from '../redis/client-listeners.js';
import type { Deadlines } from '../redis/deadlines.js';
import { noOwnChange, type OwnChange } from '../redis/own-changes.js';
import { clientPrefixOf, databaseOf, isCluster } from '../redis/client.js';
import type { RedisClient } from '../redis/options.js';
import type { ChannelListener, CoherenceChannel } from './channel.js';
import { tagTableUnder } from '../redis/tag-channel.js';
import { TagSubscription } from './tag-subscription.js';

/**
 * Most keys of one message: a change of many keys becomes several messages, none of which blocks the channel for long.
 */
const keysPerMessage = 500;
const heartbeatMs = 2000;
const retryMs = 500;

/**
 * Coherence for servers and proxies without `CLIENT TRACKING`: each cache publishes the keys that it changes. A cache
 * receives the changes by other caches with this setting. It does not receive changes by other clients, expirations or
 * evictions.
 */
export class PubSubCoherence implements CoherenceChannel {
  readonly #client: RedisClient;
  readonly #connecting: Deadlines;
  readonly #prefix: string;
  readonly #channel: string;
  readonly #listener: ChannelListener;
  readonly #publish: (channel: string, message: string) => Promise<unknown>;
  /** The id of this instance: it ignores its own messages. */
  readonly #self = randomBytes(8).toString('base64url');
  readonly #stopListening: () => void;
  #subscriber: Redis | undefined;
  #timer: NodeJS.Timeout | undefined;
  #answered = true;
  #armed = false;
  #closed = false;

  constructor(
    client: RedisClient,
    prefix: string,
    connecting: Deadlines,
    publish: (channel: string, message: string) => Promise<unknown>,
    listener: ChannelListener,
  ) {
    this.#client = client;
    this.#connecting = connecting;
    this.#prefix = prefix;
    this.#channel = `${prefix}!changes`;
    this.#publish = publish;
    this.#listener = listener;
    this.#stopListening = listenTo(client, {
      ready: () => {
        this.#restart();
      },
      close: () => {
        this.#lose('data connection closed');
      },
    });
    if (client.status === 'ready') this.#restart();
  }

  readonly reachesNeighbours = false;
  readonly hearsEverything = false;

  get armed(): boolean {
    return this.#armed;
  }

  /** This instance ignores its own messages, so no echo is expected. */
  changing(): OwnChange {
    return noOwnChange;
  }

  changed(redisKeys: readonly string[]): void {
    for (let i = 0; i < redisKeys.length; i += keysPerMessage) {
      const message = JSON.stringify([this.#self, ...redisKeys.slice(i, i + keysPerMessage)]);
      // An instance that misses the message has lost its subscription, and clears its L1 when it subscribes again.
      this.#publish(this.#channel, message).catch(ignore);
    }
  }

  close(): void {
    this.#closed = true;
    this.#armed = false;
    this.#stopListening();
    this.#drop();
  }

  #restart(): void {
    this.#drop();
    this.#subscribe().catch((error: unknown) => {
      if (this.#closed) return;
      this.#listener.onUnarmed((error as Error).message);
      this.#lose((error as Error).message);
      this.#retry();
    });
  }

  async #subscribe(): Promise<void> {
    if (this.#closed) return;
    const subscriber = this.#connect();
    this.#subscriber = subscriber;
    subscriber.on('error', ignore);
    subscriber.on('message', this.#onMessage);
    const tags = this.#tagSubscription(subscriber);
    subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      tags.take(channel.toString(), message),
    );
    subscriber.on('close', () => {
      if (this.#subscriber !== subscriber || this.#closed) return;
      this.#lose('subscription connection closed');
      this.#retry();
    });
    await this.#connecting.within(subscriber.connect(), 'on the subscription connection');
    await this.#connecting.within(subscriber.subscribe(this.#channel), 'SUBSCRIBE');
    await tags.subscribe(this.#connecting);
    if (this.#subscriber !== subscriber) return;
    this.#armed = true;
    this.#answered = true;
    this.#listener.onArmed();
    this.#beat(subscriber);
  }

  /** A cache that changes its tag table also publishes the table's key as changed: a lost tag message is noticed. */
  #tagSubscription(subscriber: Redis): TagSubscription {
    const tableKey = clientPrefixOf(this.#client) + tagTableUnder(this.#prefix);
    const tags = new TagSubscription(subscriber, [tableKey], databaseOf(this.#client), {
      onTags: (key, message) => {
        this.#listener.onTags(key, message);
      },
      onTable: () => {
        this.#listener.onInvalidate([tagTableUnder(this.#prefix)]);
      },
    });
    tags.trust();
    return tags;
  }

  /**
   * Connects to any node of a Cluster: every node forwards every message
   * (https://redis.io/docs/latest/commands/publish/).
   */
  #connect(): Redis {
    const node = isCluster(this.#client) ? this.#client.nodes('master')[0] : this.#client;
    if (node === undefined) throw new Error('the Cluster has no node to subscribe to');
    const options: RedisOptions & { replyMapping?: 'legacy' } = {
      ...node.options,
      keyPrefix: '',
      replyMapping: 'legacy',
      lazyConnect: true,
      // The data connection is ready, so the server has loaded its data. It may not know INFO.
      enableReadyCheck: false,
      enableOfflineQueue: true,
      enableAutoPipelining: false,
      autoResubscribe: false,
      retryStrategy: null,
      disconnectTimeout: 20,
    };
    return new Redis(options);
  }

  /** Pings the subscription connection: without messages a dead connection looks like an idle one. */
  #beat(subscriber: Redis): void {
    this.#timer = setTimeout(() => {
      if (this.#subscriber !== subscriber) return;
      if (!this.#answered) {
        this.#lose('no answer on the subscription connection');
        this.#retry();
        return;
      }
      this.#answered = false;
      subscriber.ping().then(() => {
        this.#answered = true;
      }, ignore);
      this.#beat(subscriber);
    }, heartbeatMs);
    this.#timer.unref();
  }

  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.#channel) return;
    const [from, ...redisKeys] = parse(message);
    if (from !== this.#self && redisKeys.length > 0) this.#listener.onInvalidate(redisKeys);
  };

  #lose(reason: string): void {
    this.#drop();
    if (!this.#armed) return;
    this.#armed = false;
    this.#listener.onLost(reason);
  }

  #retry(): void {
    if (this.#closed || this.#client.status !== 'ready') return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#restart();
    }, retryMs);
    this.#timer.unref();
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    subscriber?.disconnect();
  }
}

/** Other clients may publish on the channel, too: a message that is not a list of texts is ignored. */
function parse(message: string): string[] {
  try {
    const parsed: unknown = JSON.parse(message);
    return Array.isArray(parsed) ? parsed.filter((part) => typeof part === 'string') : [];
  } catch {
    return [];
  }
}

function ignore(): void {
  // A failed connection is detected by its 'close' event or by the heartbeat. A failed publish is no worse than a lost
  // message.
}
