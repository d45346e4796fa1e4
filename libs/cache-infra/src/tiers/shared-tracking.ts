import type { Redis } from 'ioredis';
import { ValidationError } from '../errors.js';
import { ClientTracking, type CoherenceListener, type TrackingOptions } from './client-tracking.js';

/** One cache's part in the tracking of a connection. */
export interface TrackingMember {
  readonly armed: boolean;
  /** Tells the other caches on this connection: to Redis they are one client, which it does not tell of its own changes. */
  changed(redisKeys: readonly string[]): void;
  close(): void;
}

/** A connection is tracked once, for all the caches that stand on it: it has one redirect and one mode. */
class SharedTracking {
  readonly mode: TrackingOptions['mode'];
  readonly #client: Redis;
  readonly #members = new Map<CoherenceListener, string>();
  readonly #tracking: ClientTracking;

  constructor(client: Redis, options: TrackingOptions) {
    this.mode = options.mode;
    this.#client = client;
    const each = (tell: (member: CoherenceListener) => void): void => {
      for (const member of [...this.#members.keys()]) tell(member);
    };
    this.#tracking = new ClientTracking(client, () => [...new Set(this.#members.values())], options, {
      onInvalidate: (redisKeys) => {
        each((member) => {
          member.onInvalidate(redisKeys);
        });
      },
      onFlush: () => {
        each((member) => {
          member.onFlush();
        });
      },
      onLost: (reason) => {
        each((member) => {
          member.onLost(reason);
        });
      },
      onArmed: () => {
        each((member) => {
          member.onArmed();
        });
      },
    });
  }

  join(prefix: string, listener: CoherenceListener): TrackingMember {
    const tracking = this.#tracking;
    const newPrefix = ![...this.#members.values()].includes(prefix);
    this.#members.set(listener, prefix);
    if (this.#members.size === 1) tracking.start();
    else if (newPrefix && this.mode === 'broadcast') tracking.restart();
    else if (tracking.armed) listener.onArmed();
    return {
      get armed() {
        return tracking.armed;
      },
      changed: (redisKeys) => {
        if (this.#members.size === 1) return;
        for (const member of [...this.#members.keys()]) if (member !== listener) member.onInvalidate(redisKeys);
      },
      close: () => {
        this.#leave(listener);
      },
    };
  }

  #leave(listener: CoherenceListener): void {
    if (!this.#members.delete(listener) || this.#members.size > 0) return;
    this.#tracking.close();
    trackings.delete(this.#client);
  }
}

const trackings = new WeakMap<Redis, SharedTracking>();

/** @throws ValidationError when the connection is tracked in another mode already */
export function track(
  client: Redis,
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
