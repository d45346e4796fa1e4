import type { Redis } from 'ioredis';
import { InfrastructureError } from '../../base/errors.js';
import { withoutCredentials } from '../../base/redact.js';
import type { ConnectionStatus } from '../remote-tier.js';
import { listenTo } from './client-listeners.js';
import { addressOf, peerOf, asClient, clientPrefixOf, createClient, hasTls, isCluster } from './client.js';
import { isClient, type RedisClient, type RedisConnectionOptions } from './options.js';
import { afterResponsive } from './responsive-timer.js';

export interface ConnectionListener {
  onReady(): void;
  onAway(reason: string): void;
}

/**
 * One Redis client and the state of its connection. Commands are neither queued while Redis is unavailable nor sent
 * again after a lost reply: the caller decides how to continue without Redis.
 */
export class RedisConnection {
  readonly client: RedisClient;
  /** For messages: host and port, no credentials. */
  readonly address: string;
  /** Host and port; undefined for a socket file, a Cluster and Sentinel. */
  readonly peer: { readonly address: string; readonly port: number } | undefined;
  /**
   * The prefix that a user's client puts before the keys of commands. The client neither puts it before the patterns of
   * `SCAN` nor strips it from the keys of replies and invalidations
   * (https://github.com/redis/ioredis#transparent-key-prefixing).
   */
  readonly clientPrefix: string;
  /** True when this library created the client, false for a user's client. */
  readonly owned: boolean;
  readonly #listener: ConnectionListener;
  readonly #stopListening: () => void;
  #lastError: string | undefined;
  /** The error of a refused handshake. Such a connection is never used. */
  #refusal: string | undefined;
  /** True while the server is asked for the database of a user's client. */
  #isAsking = false;
  #firstAttempt = firstAttempt();
  #attempted: boolean;
  /** Set by the sender of commands. Resolves once all commands in flight are answered. */
  whenIdle: () => Promise<void> = () => Promise.resolve();
  /** The state of replacing a working connection whose server refuses writes. */
  #renewal: 'none' | 'draining' | 'reconnecting' = 'none';
  #stopHandshake: () => void = ignore;
  #stopAttempt: () => void = ignore;
  #attemptLimitMs = Infinity;
  #closed = false;

  constructor(redis: RedisConnectionOptions, connectTimeoutMs: number, listener: ConnectionListener) {
    this.owned = !isClient(redis);
    this.#listener = listener;
    this.client = isClient(redis)
      ? asClient(redis)
      : createClient(redis, connectTimeoutMs, () => {
          this.#renewGently();
        });
    this.address = addressOf(this.client);
    this.peer = peerOf(this.client);
    this.clientPrefix = clientPrefixOf(this.client);
    // A user's client may already have attempted to connect, or have ended.
    this.#attempted = !['wait', 'connecting', 'connect'].includes(this.client.status);

    const onClosed = (): void => {
      this.#stopHandshake();
      const isReplaced = this.#renewal === 'reconnecting';
      this.#renewal = 'none';
      // Calls wait for the new connection.
      if (isReplaced && this.client.status !== 'end') return;
      this.#endFirstAttempt();
      if (!this.#closed) listener.onAway(this.#lastError ?? 'connection closed');
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
        const message = reasonOf(error, this.client);
        if (isRefusal(error) && this.#isIntroducing()) this.#refuse(message, onClosed);
        // Closing a refused connection causes further errors.
        this.#lastError = this.#refusal ?? message;
      },
      close: onClosed,
      // No 'close' event precedes 'end' when there never was a socket.
      end: onClosed,
    });
    if (!this.owned) this.#askForDatabase(onClosed);
  }

  /** True when new commands may be sent. False while the connection is being replaced. */
  get isReady(): boolean {
    return this.#renewal === 'none' && this.canSend;
  }

  /**
   * True when commands that already wait can be sent. ioredis stays `ready` from the end of its stream until the
   * `close` event.
   */
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

  /** Bytes received on the current connection; undefined for a Cluster, which has many connections. */
  get bytesReceived(): number | undefined {
    // ioredis has no stream before it first connects.
    return isCluster(this.client) ? undefined : ((this.client.stream as ClientStream)?.bytesRead ?? 0);
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Starts to connect. The client retries without end. */
  start(): void {
    if (this.client.status === 'wait') this.client.connect().catch(ignore);
  }

  /**
   * Resolves once connected. All callers share one attempt.
   *
   * @throws InfrastructureError when the first attempt fails or takes longer than `timeoutMs`; later calls fail at once
   * until a connection is ready
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
   * Replaces the connection to a server that refuses writes: a new connection may reach a writable server. Commands in
   * flight are answered first, and new calls wait for the new connection, so that no read fails.
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

  /** Replaces an owned connection that no longer answers. */
  renew(): void {
    if (this.owned && this.client.status === 'ready') this.client.disconnect(true);
  }

  failure(): InfrastructureError {
    return new InfrastructureError(
      `Redis connection failed (${this.address}): ${this.#lastError ?? 'not connected'}`,
      { details: { kind: 'connection' } },
    );
  }

  /** Closes an owned client. Leaves a user's client open. */
  close(): void {
    this.#closed = true;
    this.#endFirstAttempt();
    this.#stopHandshake();
    this.#stopListening();
    if (!this.owned) return;
    // The socket may still fail. Without a listener ioredis would print the error.
    this.client.on('error', ignore);
    this.client.disconnect();
  }

  /** Bounds the handshake. ioredis bounds the opening of a socket only. */
  #watchHandshake(timeoutMs: number): void {
    this.#stopHandshake();
    this.#stopHandshake = afterResponsive(timeoutMs, () => {
      this.#lastError = `no greeting within ${String(timeoutMs)} ms`;
      this.client.disconnect(true);
    });
  }

  /** Bounds the first attempt. The shortest limit of all waiting calls counts, so that one timer serves them all. */
  #boundAttempt(timeoutMs: number): void {
    if (timeoutMs >= this.#attemptLimitMs) return;
    this.#attemptLimitMs = timeoutMs;
    this.#stopAttempt();
    this.#stopAttempt = afterResponsive(timeoutMs, () => {
      this.#lastError ??= `no answer within ${String(timeoutMs)} ms${silenceHint(this.client)}`;
      this.#endFirstAttempt();
      if (!this.#closed) this.#listener.onAway(this.#lastError);
    });
  }

  /**
   * Handles a refused handshake. After a refused `SELECT` ioredis emits an error, and still becomes `ready`, in
   * database 0. An owned connection is closed before it is ready. A user's connection stays open, and is not used until
   * the client reconnects.
   */
  #refuse(reason: string, onClosed: () => void): void {
    this.#refusal = reason;
    this.#lastError = reason;
    if (this.owned) this.client.disconnect(true);
    else onClosed();
  }

  /**
   * Checks the database of a user's client that is already ready: its `SELECT` may have been refused before this class
   * listened, which leaves the client in database 0. Without an answer (`CLIENT INFO` needs Redis 6.2) the database
   * counts as right.
   */
  #askForDatabase(onClosed: () => void): void {
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
        this.#refuse(`the client is in database 0 instead of database ${String(db)}`, onClosed);
      } else this.#endFirstAttempt();
    });
  }

  /** True during the handshake. */
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

/** True for an error reply of the server, false for a network error. */
function isRefusal(error: Error): boolean {
  return error.name === 'ReplyError';
}

/** The message of an error, without credentials. A server of another protocol answers with text of its own. */
function reasonOf(error: Error, client: RedisClient): string {
  if (/Unknown RESP type|Protocol error, got/.test(error.message))
    return 'the server does not speak the protocol of Redis: is it another service, or a port for TLS (rediss://)?';
  const hint = error.message.endsWith('ETIMEDOUT') ? silenceHint(client) : '';
  return withoutCredentials(error.message) + hint;
}

/** What a silent server may mean: a server without TLS waits for a command, and the client for a handshake. */
function silenceHint(client: RedisClient): string {
  return hasTls(client) ? ': does the server speak TLS (rediss://)?' : '';
}

function ignore(): void {
  // The 'close' event reports a failed attempt. ioredis makes the next one.
}
