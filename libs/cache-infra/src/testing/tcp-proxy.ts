import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { assertOptions, redisUrl, type Check } from '../base/checks.js';
import { Connection, type ProxiedConnection } from './proxied-connection.js';
import { FaultControls, noFaults, type FaultState, type ProxyFaults } from './proxy-faults.js';

export interface TcpProxyOptions {
  /** The Redis behind the proxy: `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. */
  to: string;
}

/** A network between a client and its Redis that fails on demand. A fault holds for open and for new connections. */
export interface TcpProxy extends ProxyFaults, AsyncDisposable {
  /** The URL of the target with the address of the proxy. Scheme, credentials and database are those of the target. */
  readonly url: string;
  /** `127.0.0.1` */
  readonly host: string;
  readonly port: number;
  /** The open connections, oldest first. Each can have faults of its own. */
  readonly connections: readonly ProxiedConnection[];
  /** Ends each connection by RST, and resets new ones, until {@link resume}. */
  cut(): void;
  /** Ends all connections, and stops listening. `await using` does the same. */
  close(): Promise<void>;
}

/**
 * Starts a TCP proxy on a free loopback port, for tests in which the network between an application and its Redis
 * fails.
 *
 * ```ts
 * await using redis = await startRedisServer();
 * await using proxy = await startTcpProxy({ to: redis.url });
 * await using cache = new RedisCache({ redisUrl: proxy.url });
 * proxy.delay('200ms'); // each reply arrives 200 ms later
 * proxy.hang(); // connections are open and silent
 * proxy.cut(); // connections are reset, and new ones as well
 * proxy.resume();
 * ```
 *
 * - Bytes that wait in the proxy are kept in memory, without a limit.
 * - If nothing listens at the target, a connection to the proxy is accepted, and ends at once.
 * - With `rediss://`, the client sees the certificate of the target: set `tls.servername` to the target's name.
 * - Sentinels and Cluster nodes tell clients the addresses of the servers: clients then bypass a proxy.
 *
 * @throws ValidationError that lists every invalid option
 */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  assertOptions('startTcpProxy', options, { to: tcpUrl }, ['to']);
  const server = createServer({ allowHalfOpen: true }).listen(0, loopback);
  await once(server, 'listening');
  return new LoopbackProxy(server, new URL(options.to));
}

const loopback = '127.0.0.1';
const redisPort = '6379';

const tcpUrl: Check = (value) => {
  const problem = redisUrl(value);
  if (problem !== undefined) return problem;
  if (!/^rediss?:/i.test(value as string)) return 'must be the URL of a TCP address, not of a socket file';
  return URL.canParse(value as string) ? undefined : 'must have a port from 0 to 65535';
};

class LoopbackProxy extends FaultControls implements TcpProxy {
  readonly host = loopback;
  readonly port: number;
  readonly url: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #connections = new Set<Connection>();
  #faults: FaultState = noFaults;
  #isCut = false;

  constructor(server: Server, target: URL) {
    super();
    this.#server = server;
    this.#target = {
      // The brackets of an IPv6 address belong to the URL.
      host: target.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(target.port || redisPort),
    };
    this.port = (server.address() as AddressInfo).port;
    const url = new URL(target);
    url.hostname = loopback;
    url.port = String(this.port);
    this.url = url.href;
    server.on('connection', (client) => {
      this.#accept(client);
    });
  }

  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  override change(faults: Partial<FaultState>): void {
    this.#faults = { ...this.#faults, ...faults };
    for (const connection of this.#connections) connection.change(faults);
  }

  override reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  cut(): void {
    this.#isCut = true;
    this.reset();
  }

  override resume(): void {
    this.#isCut = false;
    super.resume();
  }

  async close(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accept(client: Socket): void {
    if (this.#isCut) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const connection = new Connection(client, this.#target, () => {
      this.#connections.delete(connection);
    });
    connection.change(this.#faults);
    this.#connections.add(connection);
  }
}
