import type { Redis } from 'ioredis';
import { ValidationError } from '../../base/errors.js';
import { clientPrefixOf, isCluster } from '../redis/client.js';
import type { RedisClient } from '../redis/options.js';
import { tagTableUnder } from '../redis/tag-channel.js';
import { ClientTracking, type CoherenceListener, type TrackingOptions } from './client-tracking.js';
import { noOwnChange, OwnChanges, type OwnChange } from '../redis/own-changes.js';

/** One cache's part in the tracking of a connection. */
export interface TrackingMember {
  readonly armed: boolean;
  /** `changed` reaches every tracked cache on this client. */
  readonly reachesNeighbours: boolean;
  /** Every change is told of, whoever makes it. */
  readonly hearsEverything: boolean;
  /** This cache is about to change these keys, each once and right after reading it: it need not hear of that. */
  changing(redisKeys: readonly string[]): OwnChange;
  /** This cache has changed these keys: tells whom Redis does not tell. */
  changed(redisKeys: readonly string[]): void;
  close(): void;
}

/**
 * A client is tracked once, for all the caches that stand on it: a connection has one redirect and one mode. A Cluster is
 * tracked node by node; any of its nodes may become a master.
 */
class SharedTracking {
  readonly mode: TrackingOptions['mode'];
  readonly #client: RedisClient;
  readonly #options: TrackingOptions;
  readonly #members = new Map<CoherenceListener, string>();
  readonly #nodes = new Map<Redis, ClientTracking>();
  readonly #ownChanges = new OwnChanges();

  constructor(client: RedisClient, options: TrackingOptions) {
    this.mode = options.mode;
    this.#client = client;
    this.#options = options;
  }

  get armed(): boolean {
    const inUse = [...this.#nodes].filter(([node]) => node.status === 'ready');
    return inUse.length > 0 && inUse.every(([, tracking]) => tracking.armed);
  }

  join(prefix: string, listener: CoherenceListener): TrackingMember {
    const newPrefix = ![...this.#members.values()].includes(prefix);
    this.#members.set(listener, prefix);
    if (this.#members.size === 1) this.#start();
    // What a connection that has subscribed hears of can no longer be changed.
    else if (newPrefix) for (const node of this.#nodes.values()) node.restart();
    else if (this.armed) listener.onArmed();
    const isArmed = (): boolean => this.armed;
    return {
      get armed() {
        return isArmed();
      },
      reachesNeighbours: true,
      hearsEverything: true,
      changing: (redisKeys) =>
        this.mode === 'tracking' && this.armed
          ? this.#ownChanges.expect(listener, redisKeys, (missed) => {
              listener.onInvalidate(missed);
            })
          : noOwnChange,
      changed: (redisKeys) => {
        this.announce(redisKeys, listener);
      },
      close: () => {
        this.#leave(listener);
      },
    };
  }

  /** A cache on this client has changed these keys. Under `broadcast` the server leaves out the whole client (`NOLOOP`). */
  announce(redisKeys: readonly string[], by?: CoherenceListener): void {
    if (this.mode !== 'broadcast') return;
    this.#tell((member) => member !== by && member.onInvalidate(redisKeys));
  }

  #start(): void {
    if (!isCluster(this.#client)) {
      this.#add(this.#client);
      return;
    }
    this.#client.on('+node', this.#add);
    this.#client.on('-node', this.#remove);
    for (const node of this.#client.nodes('all')) this.#add(node);
  }

  readonly #add = (node: Redis): void => {
    if (this.#nodes.has(node)) return;
    const clientPrefix = clientPrefixOf(this.#client);
    const prefixes = (): string[] => [...new Set(this.#members.values())].map((own) => clientPrefix + own);
    const tracking = new ClientTracking(node, prefixes, this.#options, {
      onInvalidate: (redisKeys) => {
        this.#invalidated(clientPrefix === '' ? redisKeys : withoutPrefix(redisKeys, clientPrefix));
      },
      onArming: () => {
        this.#ownChanges.forget();
      },
      onTags: (tableKey, message) => {
        this.#tell((member) => {
          if (clientPrefix + tagTableUnder(this.#members.get(member) ?? '') === tableKey)
            member.onTags(tableKey, message);
        });
      },
      onFlush: () => {
        this.#tell((member) => {
          member.onFlush();
        });
      },
      onLost: (reason) => {
        this.#tell((member) => {
          member.onLost(reason);
        });
      },
      onUnarmed: (reason) => {
        this.#tell((member) => {
          member.onUnarmed(reason);
        });
      },
      onArmed: () => {
        this.#tell((member) => {
          member.onArmed();
        });
      },
    });
    this.#nodes.set(node, tracking);
    tracking.start();
  };

  readonly #remove = (node: Redis): void => {
    const tracking = this.#nodes.get(node);
    tracking?.close();
    // Of a node that is down, and is listed and dropped again and again, nothing was read.
    if (!this.#nodes.delete(node) || tracking?.wasArmed !== true) return;
    // What was read from it may have changed where its slots went.
    this.#tell((member) => {
      member.onLost('a node left the cluster');
      if (this.armed) member.onArmed();
    });
  };

  /** Tells every member but the one whose own change it was. */
  #invalidated(redisKeys: readonly string[]): void {
    for (const redisKey of redisKeys) {
      const owner = this.#ownChanges.heard(redisKey);
      this.#tell((member) => member !== owner && member.onInvalidate([redisKey]));
    }
  }

  #tell(what: (member: CoherenceListener) => unknown): void {
    for (const member of [...this.#members.keys()]) what(member);
  }

  #leave(listener: CoherenceListener): void {
    if (!this.#members.delete(listener) || this.#members.size > 0) return;
    trackings.delete(this.#client);
    if (isCluster(this.#client)) {
      this.#client.off('+node', this.#add);
      this.#client.off('-node', this.#remove);
    }
    for (const tracking of this.#nodes.values()) tracking.close();
    this.#nodes.clear();
  }
}

/** The server tells of keys by their whole names. */
function withoutPrefix(redisKeys: readonly string[], prefix: string): readonly string[] {
  return redisKeys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

const trackings = new WeakMap<RedisClient, SharedTracking>();

/** Tells the caches that are tracked on this client of a change by a cache that is not. */
export function announce(client: RedisClient, redisKeys: readonly string[]): void {
  trackings.get(client)?.announce(redisKeys);
}

/** @throws ValidationError when the connection is tracked in another mode already */
export function track(
  client: RedisClient,
  prefix: string,
  options: TrackingOptions,
  listener: CoherenceListener,
): TrackingMember {
  const shared = trackings.get(client) ?? new SharedTracking(client, options);
  trackings.set(client, shared);
  if (shared.mode !== options.mode) {
    throw new ValidationError([
      {
        path: 'coherence',
        message: `coherence must be '${shared.mode}' as for the other caches on this client, got '${options.mode}'; or give each cache a client of its own`,
      },
    ]);
  }
  return shared.join(prefix, listener);
}
