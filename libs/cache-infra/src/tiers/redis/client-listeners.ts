import type { RedisClient } from './options.js';

/** What may happen to a client's connection. */
export interface ClientListener {
  connect?(): void;
  ready?(): void;
  error?(error: Error): void;
  close?(): void;
  end?(): void;
}

const events = ['connect', 'ready', 'error', 'close', 'end'] as const;

/**
 * One listener per event on a client, whatever the number of caches that stand on it; none once the last of them has left. So a
 * client of the user's own is found as it was, and Node sees no leak where there is none.
 */
class ClientHub {
  readonly #client: RedisClient;
  readonly #members = new Set<ClientListener>();
  readonly #handlers = events.map((event) => {
    const handler = (argument: Error): void => {
      for (const member of [...this.#members]) member[event]?.(argument);
    };
    return [event, handler] as const;
  });

  constructor(client: RedisClient) {
    this.#client = client;
  }

  add(member: ClientListener): void {
    if (this.#members.size === 0)
      for (const [event, handler] of this.#handlers) this.#client.on(event, handler);
    this.#members.add(member);
  }

  remove(member: ClientListener): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    for (const [event, handler] of this.#handlers) this.#client.off(event, handler);
  }
}

const hubs = new WeakMap<RedisClient, ClientHub>();

/** Tells `listener` what happens to the client's connection, until the function that comes back is called. */
export function listenTo(client: RedisClient, listener: ClientListener): () => void {
  const hub = hubs.get(client) ?? new ClientHub(client);
  hubs.set(client, hub);
  hub.add(listener);
  return () => {
    hub.remove(listener);
  };
}
