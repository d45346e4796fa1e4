import type { Redis } from 'ioredis';
import { InfrastructureError } from '../../base/errors.js';
import { withoutCredentials } from '../../base/redact.js';
import type { ConnectionStatus } from '../remote-tier.js';
import { listenTo } from './client-listeners.js';
import { addressOf, clientPrefixOf, createClient, isClient, isCluster } from './client.js';
import type { RedisClient, RedisConnectionOptions } from './options.js';
import { afterResponsive } from './responsive-timer.js';

export interface ConnectionListener {
  onReady(): void;
  onAway(reason: string): void;
}

/**
 * One Redis client and what is known of it. Commands are never queued while it is away, and never sent again after a
 * lost reply: whoever calls decides what to do without Redis.
 */
export class RedisConnection {
  readonly client: RedisClient;
  /** For messages: host and port, no credentials. */
  readonly address: string;
  /**
   * What a client of the user's own puts before the keys of commands, but not before the patterns of `SCAN` nor off the keys that
   * the server tells of (https://github.com/redis/ioredis#transparent-key-prefixing).
   */
  readonly clientPrefix: string;
  /** The client is ours, not the user's. */
  readonly owned: boolean;
  readonly #listener: ConnectionListener;
  readonly #stopListening: () => void;
  #lastError: string | undefined;
  /** What the server refused while the client introduced itself. Such a connection is never used. */
  #refusal: string | undefined;
  /** Which database a client of the user's own is in is being asked. */
  #isAsking = false;
  #firstAttempt = firstAttempt();
  #attempted: boolean;
  /** Set by whoever sends commands: resolves once those that are out have been answered. */
  whenIdle: () => Promise<void> = () => Promise.resolve();
  /** A connection that works is given up for a better one. */
  #renewal: 'none' | 'draining' | 'reconnecting' = 'none';
  #stopHandshake: () => void = ignore;
  #stopAttempt: () => void = ignore;
  #attemptLimitMs = Infinity;
  #closed = false;

  constructor(redis: RedisConnectionOptions, connectTimeoutMs: number, listener: ConnectionListener) {
    this.owned = !isClient(redis);
    this.#listener = listener;
    this.client = isClient(redis)
      ? redis
      : createClient(redis, connectTimeoutMs, () => {
          this.#renewGently();
        });
    this.address = addressOf(this.client);
    this.clientPrefix = clientPrefixOf(this.client);
    // A client of the user's own may have been tried, or ended, before.
    this.#attempted = !['wait', 'connecting', 'connect'].includes(this.client.status);

    const onAway = (): void => {
      this.#stopHandshake();
      const isMeant = this.#renewal === 'reconnecting';
      this.#renewal = 'none';
      // Its successor is on the way, and calls wait for it.
      if (isMeant && this.client.status !== 'end') return;
      this.#endFirstAttempt();
      if (!this.#closed) listener.onAway(this.#lastError ?? 'the connection was closed');
    };
    this.#stopListening = listenTo(this.client, {
      connect: () => {
        this.#refusal = undefined;
        this.#isAsking = false;
        if (this.owned) this.#watchHandshake(connectTimeoutMs);
      },
      ready: () => {
        this.#stopHandshake();
        if (this.#refusal !== undefined) return;
        this.#lastError = undefined;
        this.#endFirstAttempt();
        listener.onReady();
      },
      error: (error) => {
        const message = withoutCredentials(error.message);
        if (isRefusal(error) && this.#isIntroducing()) this.#refuse(message, onAway);
        // Closing a refused connection is followed by errors of its own.
        this.#lastError = this.#refusal ?? message;
      },
      close: onAway,
      // Without a 'close' before it when there never was a socket.
      end: onAway,
    });
    if (!this.owned) this.#askForDatabase(onAway);
  }

  /** New commands are to be sent: not while the connection is being given up for a better one. */
  get isReady(): boolean {
    return this.#renewal === 'none' && this.canSend;
  }

  /** Commands that wait already can be sent. ioredis stays `ready` from the end of its stream to the `close` event. */
  get canSend(): boolean {
    const { client } = this;
    if (this.#refusal !== undefined || this.#isAsking) return false;
    return client.status === 'ready' && (isCluster(client) || client.stream.writable);
  }

  /** `connecting` until the first attempt has ended either way; then `ready` or `away`. */
  get status(): ConnectionStatus {
    if (this.isReady) return 'ready';
    return this.#attempted || this.#closed ? 'away' : 'connecting';
  }

  /** Bytes received on the connection that there is now; undefined with a Cluster, which has many. */
  get bytesReceived(): number | undefined {
    // ioredis has no stream before it first connects.
    return isCluster(this.client) ? undefined : ((this.client.stream as ClientStream)?.bytesRead ?? 0);
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Starts to connect, and goes on trying by itself for ever. */
  start(): void {
    if (this.client.status === 'wait') this.client.connect().catch(ignore);
  }

  /**
   * Resolves once connected. All who wait share one attempt.
   *
   * @throws InfrastructureError when the first attempt fails or takes longer than `timeoutMs`; from then on nobody
   * waits, until a connection is there
   */
  async connected(timeoutMs: number): Promise<void> {
    this.start();
    if (this.status === 'connecting') {
      this.#boundAttempt(timeoutMs);
      await this.#firstAttempt.promise;
    }
    if (!this.isReady) throw this.failure();
  }

  /**
   * The server refuses writes: a new connection may lead to one that takes them. What is out is answered first, and calls that come
   * meanwhile wait for the new connection, so that reads go on.
   */
  #renewGently(): void {
    if (isCluster(this.client) || this.#renewal !== 'none' || this.#closed) return;
    this.#renewal = 'draining';
    this.#attempted = false;
    this.#firstAttempt = firstAttempt();
    this.whenIdle().then(() => {
      if (this.#renewal !== 'draining' || this.#closed) return;
      this.#renewal = 'reconnecting';
      this.client.disconnect(true);
    }, ignore);
  }

  /** Gives up a connection of ours that swallows everything, and makes another. */
  renew(): void {
    if (this.owned && this.client.status === 'ready') this.client.disconnect(true);
  }

  failure(): InfrastructureError {
    return new InfrastructureError(
      `Redis connection failed (${this.address}): ${this.#lastError ?? 'not connected'}`,
      { details: { kind: 'connection' } },
    );
  }

  /** Closes a client of ours; leaves a client of the user's as it was found. */
  close(): void {
    this.#closed = true;
    this.#endFirstAttempt();
    this.#stopHandshake();
    this.#stopListening();
    if (!this.owned) return;
    // The socket may still fail after this; without a listener ioredis would write that to the console.
    this.client.on('error', ignore);
    this.client.disconnect();
  }

  /** ioredis bounds how long a socket takes to open, not how long the server then takes to say hello. */
  #watchHandshake(timeoutMs: number): void {
    this.#stopHandshake();
    this.#stopHandshake = afterResponsive(timeoutMs, () => {
      this.#lastError = `no greeting within ${String(timeoutMs)} ms`;
      this.client.disconnect(true);
    });
  }

  /** The shortest limit counts: many calls that wait need one timer. */
  #boundAttempt(timeoutMs: number): void {
    if (timeoutMs >= this.#attemptLimitMs) return;
    this.#attemptLimitMs = timeoutMs;
    this.#stopAttempt();
    this.#stopAttempt = afterResponsive(timeoutMs, () => {
      this.#lastError ??= `no answer within ${String(timeoutMs)} ms`;
      this.#endFirstAttempt();
      if (!this.#closed) this.#listener.onAway(this.#lastError);
    });
  }

  /**
   * ioredis tells of a refused `SELECT` and goes on to `ready` all the same, in database 0. A connection of ours is closed at
   * once, before it is ready; one of the user's own stays as it is and is not used until it is made anew.
   */
  #refuse(reason: string, onAway: () => void): void {
    this.#refusal = reason;
    this.#lastError = reason;
    if (this.owned) this.client.disconnect(true);
    else onAway();
  }

  /**
   * A client of the user's own that is ready already may have been refused its database before anybody listened: then it is in
   * database 0. A server that does not tell (`CLIENT INFO` is of Redis 6.2) is believed.
   */
  #askForDatabase(onAway: () => void): void {
    const { client } = this;
    const { db = 0 } = client.options as { db?: number };
    if (client.isCluster || client.status !== 'ready' || db === 0) return;
    this.#isAsking = true;
    this.#attempted = false;
    const asked = client.call('CLIENT', 'INFO').then(
      (info) => /\bdb=0\b/.test(String(info)),
      () => false,
    );
    void asked.then((isElsewhere) => {
      if (!this.#isAsking) return;
      this.#isAsking = false;
      if (isElsewhere) {
        this.#refuse(`the client asked for database ${String(db)} and is in database 0`, onAway);
      } else this.#endFirstAttempt();
    });
  }

  /** Connected, and not ready yet. */
  #isIntroducing(): boolean {
    return this.client.status === 'connect';
  }

  #endFirstAttempt(): void {
    this.#stopAttempt();
    this.#attemptLimitMs = Infinity;
    this.#attempted = true;
    this.#firstAttempt.end();
  }
}

type ClientStream = (Redis['stream'] & { readonly bytesRead?: number }) | undefined;

function firstAttempt(): { promise: Promise<void>; end: () => void } {
  let end = ignore;
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { promise, end };
}

/** An answer of the server, and not of the network. */
function isRefusal(error: Error): boolean {
  return error.name === 'ReplyError';
}

function ignore(): void {
  // A failed attempt is told by the 'close' event, and followed by the next attempt.
}
