import type { RedisClient } from './options.js';

/** Callbacks for the events of a client's connection. */
export interface ClientListener {
  connect?(): void;
  ready?(): void;
  error?(error: Error): void;
  close?(): void;
  end?(): void;
}

const events = ['connect', 'ready', 'error', 'close', 'end'] as const;

/**
 * Registers one listener per event on a client, however many caches share the client, and removes it with the last of
 * them. So a user's client keeps no listeners of closed caches, and Node does not warn of a listener leak.
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

/** Passes the events of the client's connection to `listener`, until the returned function is called. */
export function listenTo(client: RedisClient, listener: ClientListener): () => void {
  const hub = hubs.get(client) ?? new ClientHub(client);
  hubs.set(client, hub);
  hub.add(listener);
  return () => {
    hub.remove(listener);
  };
}
