import { randomBytes } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { listenTo } from '../redis/client-listeners.js';
import type { CoherenceListener } from './client-tracking.js';
import type { Deadlines } from '../redis/deadlines.js';
import { noOwnChange, type OwnChange } from '../redis/own-changes.js';
import { clientPrefixOf, databaseOf, isCluster } from '../redis/client.js';
import type { RedisClient } from '../redis/options.js';
import type { TrackingMember } from './shared-tracking.js';
import { tagTableUnder } from '../redis/tag-channel.js';
import { TagSubscription } from './tag-subscription.js';

/** Keys of one message: a change of many keys does not stand still in one long one. */
const keysPerMessage = 500;
const heartbeatMs = 2000;
const retryMs = 500;

/**
 * Coherence for servers and proxies that know no `CLIENT TRACKING`: whoever changes keys publishes them. Hears of what caches
 * with this setting change, not of other writers, and not of keys that expire or are evicted.
 */
export class PubSubCoherence implements TrackingMember {
  readonly #client: RedisClient;
  readonly #connecting: Deadlines;
  readonly #prefix: string;
  readonly #channel: string;
  readonly #listener: CoherenceListener;
  readonly #publish: (channel: string, message: string) => Promise<unknown>;
  /** Who this is, so as not to hear itself. */
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
    listener: CoherenceListener,
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
        this.#lose('the data connection was closed');
      },
    });
    if (client.status === 'ready') this.#restart();
  }

  readonly reachesNeighbours = false;
  readonly hearsEverything = false;

  get armed(): boolean {
    return this.#armed;
  }

  /** What this instance publishes it does not hear. */
  changing(): OwnChange {
    return noOwnChange;
  }

  changed(redisKeys: readonly string[]): void {
    for (let i = 0; i < redisKeys.length; i += keysPerMessage) {
      const message = JSON.stringify([this.#self, ...redisKeys.slice(i, i + keysPerMessage)]);
      // Whoever missed it was not connected to hear it either, and starts empty.
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
      this.#lose('the subscription was closed');
      this.#retry();
    });
    await this.#connecting.within(subscriber.connect(), 'the subscription connection');
    await this.#connecting.within(subscriber.subscribe(this.#channel), 'SUBSCRIBE');
    await tags.subscribe(this.#connecting);
    if (this.#subscriber !== subscriber) return;
    this.#armed = true;
    this.#answered = true;
    this.#listener.onArmed();
    this.#beat(subscriber);
  }

  /** Whoever changes a tag table tells of it on the channel of changes as well: messages that do not come are made up for. */
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

  /** In a Cluster every node passes on every message (https://redis.io/docs/latest/commands/publish/). */
  #connect(): Redis {
    const node = isCluster(this.#client) ? this.#client.nodes('master')[0] : this.#client;
    if (node === undefined) throw new Error('no node to subscribe at');
    const options: RedisOptions & { replyMapping?: 'legacy' } = {
      ...node.options,
      keyPrefix: '',
      replyMapping: 'legacy',
      lazyConnect: true,
      // The data connection is ready, so the server has loaded its data; it may not know INFO.
      enableReadyCheck: false,
      enableOfflineQueue: true,
      enableAutoPipelining: false,
      autoResubscribe: false,
      retryStrategy: null,
      disconnectTimeout: 20,
    };
    return new Redis(options);
  }

  /** A subscription that went silent looks like one with nothing to say. */
  #beat(subscriber: Redis): void {
    this.#timer = setTimeout(() => {
      if (this.#subscriber !== subscriber) return;
      if (!this.#answered) {
        this.#lose('the subscription went silent');
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

/** Anybody may publish on the channel: what is not a list of texts says nothing. */
function parse(message: string): string[] {
  try {
    const parsed: unknown = JSON.parse(message);
    return Array.isArray(parsed) ? parsed.filter((part) => typeof part === 'string') : [];
  } catch {
    return [];
  }
}

function ignore(): void {
  // A failure shows as 'close', as silence, or as a message that nobody was there to hear.
}
