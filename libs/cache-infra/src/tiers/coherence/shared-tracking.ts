import type { Redis } from 'ioredis';
import { ValidationError } from '../../base/errors.js';
import { clientPrefixOf, isCluster } from '../redis/client.js';
import type { RedisClient } from '../redis/options.js';
import { tagTableUnder } from '../redis/tag-channel.js';
import { noOwnChange, OwnChanges } from '../redis/own-changes.js';
import type { ChannelListener, CoherenceChannel } from './channel.js';
import { ClientTracking, type TrackingOptions } from './client-tracking.js';

/**
 * Tracks a client once, for all caches that share it: a connection has one redirect and one mode. A Cluster is tracked
 * node by node, since any node may become a master.
 */
class SharedTracking {
  readonly mode: TrackingOptions['mode'];
  readonly #client: RedisClient;
  readonly #options: TrackingOptions;
  readonly #members = new Map<ChannelListener, string>();
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

  join(prefix: string, listener: ChannelListener): CoherenceChannel {
    const newPrefix = ![...this.#members.values()].includes(prefix);
    this.#members.set(listener, prefix);
    if (this.#members.size === 1) this.#start();
    // The prefixes of an armed connection cannot be changed: arm it again.
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

  /**
   * Announces changes by a cache on this client. In `broadcast` mode the server leaves out the whole client (`NOLOOP`).
   */
  announce(redisKeys: readonly string[], by?: ChannelListener): void {
    if (this.mode !== 'broadcast') return;
    this.#notify((member) => member !== by && member.onInvalidate(redisKeys));
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
    const prefixes = (): string[] =>
      [...new Set(this.#members.values())].map((prefix) => clientPrefix + prefix);
    const tracking = new ClientTracking(node, prefixes, this.#options, {
      onInvalidate: (redisKeys) => {
        this.#invalidated(clientPrefix === '' ? redisKeys : withoutPrefix(redisKeys, clientPrefix));
      },
      onArming: () => {
        this.#ownChanges.forget();
      },
      onTags: (tableKey, message) => {
        this.#notify((member) => {
          if (clientPrefix + tagTableUnder(this.#members.get(member) ?? '') === tableKey)
            member.onTags(tableKey, message);
        });
      },
      onFlush: () => {
        this.#notify((member) => {
          member.onFlush();
        });
      },
      onLost: (reason) => {
        this.#notify((member) => {
          member.onLost(reason);
        });
      },
      onUnarmed: (reason) => {
        this.#notify((member) => {
          member.onUnarmed(reason);
        });
      },
      onArmed: () => {
        this.#notify((member) => {
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
    // No entry was read from a node that was never armed: it is down, and joins and leaves again and again.
    if (!this.#nodes.delete(node) || tracking?.wasArmed !== true) return;
    // Its slots have moved: entries read from it may have changed on another node.
    this.#notify((member) => {
      member.onLost('a node left the Cluster');
      if (this.armed) member.onArmed();
    });
  };

  /** Notifies every member of changed keys, except the owner of an own change. */
  #invalidated(redisKeys: readonly string[]): void {
    for (const redisKey of redisKeys) {
      const owner = this.#ownChanges.announced(redisKey);
      this.#notify((member) => member !== owner && member.onInvalidate([redisKey]));
    }
  }

  #notify(call: (member: ChannelListener) => unknown): void {
    for (const member of [...this.#members.keys()]) call(member);
  }

  #leave(listener: ChannelListener): void {
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

/** The server announces keys with the client's prefix. */
function withoutPrefix(redisKeys: readonly string[], prefix: string): readonly string[] {
  return redisKeys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
}

const trackings = new WeakMap<RedisClient, SharedTracking>();

/** Announces a change by an untracked cache to the tracked caches on the same client. */
export function announce(client: RedisClient, redisKeys: readonly string[]): void {
  trackings.get(client)?.announce(redisKeys);
}

/**
 * Adds a cache to the tracking of its client.
 *
 * @throws ValidationError when the client is already tracked in another mode
 */
export function track(
  client: RedisClient,
  prefix: string,
  options: TrackingOptions,
  listener: ChannelListener,
): CoherenceChannel {
  const shared = trackings.get(client) ?? new SharedTracking(client, options);
  trackings.set(client, shared);
  if (shared.mode !== options.mode) {
    throw new ValidationError([
      {
        path: 'coherence',
        message:
          `coherence must be '${shared.mode}' as for the other caches on this client, got '${options.mode}'; ` +
          'or give each cache its own client',
      },
    ]);
  }
  return shared.join(prefix, listener);
}
