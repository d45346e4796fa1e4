import type { BreakerState, ConnectionStatus, RemoteLink } from '../remote-tier.js';
import type { RedisConnection } from './connection.js';
import type { RedisExecutor } from './executor.js';

/** The connection and the breaker of the executor as one thing: the link to Redis. */
export class RedisLink implements RemoteLink {
  readonly #connection: RedisConnection;
  readonly #executor: RedisExecutor;

  constructor(connection: RedisConnection, executor: RedisExecutor) {
    this.#connection = connection;
    this.#executor = executor;
  }

  get address(): string {
    return this.#connection.address;
  }

  get clientPrefix(): string {
    return this.#connection.clientPrefix;
  }

  get status(): ConnectionStatus {
    return this.#connection.status;
  }

  get breaker(): BreakerState {
    return this.#executor.breakerState;
  }

  get inService(): boolean {
    return this.status === 'ready' && this.breaker === 'closed';
  }

  get refusal(): string | undefined {
    return this.#executor.refusal;
  }

  connect(timeoutMs: number): Promise<void> {
    return this.#connection.connected(timeoutMs);
  }

  loadScripts(): Promise<void> {
    return this.#executor.loadScripts();
  }

  async ping(): Promise<void> {
    await this.#executor.call('PING', (client) => client.ping());
  }
}
