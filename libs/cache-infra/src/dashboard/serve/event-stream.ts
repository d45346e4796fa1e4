import type { ServerResponse } from 'node:http';

import { DashboardRefusal } from '../refusal.js';
import { jsonText } from './answer.js';

/** A client of the stream. */
interface Client {
  readonly response: ServerResponse;
  readonly shown: string | null;
  /** Milliseconds by the monotonic clock. From then on it must connect again, which asks for access again. */
  readonly endsAt: number;
}

export interface EventStreamOptions {
  /** Milliseconds between two messages. */
  readonly everyMs: number;
  /** Most clients at a time. */
  readonly maxClients: number;
  /** Milliseconds after which a client must connect again. */
  readonly longestMs: number;
  /** The message for the clients that show an instance. */
  readonly state: (shown: string | null) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Bytes in the buffer of a client that does not read. Its messages are left out above that. */
const mostBuffered = 1_000_000;

/**
 * Sends the state to all clients, at once and then every tick. A tick computes one state for all clients that show the
 * same instance. A tick without a state sends a comment, so that proxies and clients see a living connection. There is
 * no timer while there are no clients.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #isClosed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** @throws DashboardRefusal when there are too many clients, and after {@link close} */
  assertRoom(): void {
    if (this.#isClosed) throw new DashboardRefusal(503, 'The application shuts down.');
    const { maxClients } = this.#options;
    if (this.#clients.size < maxClients) return;
    throw new DashboardRefusal(503, `${String(maxClients)} pages are open already: close one.`, {
      'Retry-After': '30',
    });
  }

  /** Adds a client whose headers are sent, and sends the first message. */
  add(response: ServerResponse, shown: string | null): void {
    const client = { response, shown, endsAt: performance.now() + this.#options.longestMs };
    this.#clients.add(client);
    const leave = (): void => {
      this.#remove(client);
    };
    response.on('close', leave);
    response.on('error', leave);
    if (response.destroyed) {
      leave();
      return;
    }
    response.write(`retry: ${String(this.#options.everyMs)}\n\n`);
    this.#timer ??= setInterval(() => void this.#tick(), this.#options.everyMs).unref();
    void this.#sendTo([client]);
  }

  /** Ends all streams, and takes no more. */
  close(): void {
    this.#isClosed = true;
    for (const client of [...this.#clients]) {
      this.#remove(client);
      client.response.end();
    }
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    for (const client of [...this.#clients]) {
      if (client.endsAt > now) continue;
      this.#remove(client);
      client.response.end();
    }
    if (this.#isSending) {
      for (const client of this.#clients) write(client, ': waiting\n\n');
      return;
    }
    this.#isSending = true;
    try {
      await this.#sendTo([...this.#clients]);
    } finally {
      this.#isSending = false;
    }
  }

  async #sendTo(clients: readonly Client[]): Promise<void> {
    const byShown = new Map<string | null, Client[]>();
    for (const client of clients) byShown.set(client.shown, [...(byShown.get(client.shown) ?? []), client]);
    await Promise.all(
      [...byShown].map(async ([shown, members]) => {
        let text: string;
        try {
          text = `data: ${jsonText(await this.#options.state(shown))}\n\n`;
        } catch (error) {
          this.#options.onError(error);
          text = ': no state\n\n';
        }
        for (const client of members) if (this.#clients.has(client)) write(client, text);
      }),
    );
  }

  #remove(client: Client): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function write({ response }: Client, text: string): void {
  if (response.writableEnded || response.destroyed || response.writableLength > mostBuffered) return;
  response.write(text);
}
