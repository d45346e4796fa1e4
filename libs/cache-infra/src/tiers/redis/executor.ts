import {
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleAll,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import type { Redis } from 'ioredis';
import { InfrastructureError } from '../../base/errors.js';
import type { BreakerState, RemoteServer } from '../remote-tier.js';
import { CommandWindow, PendingCommand, type SendOptions } from './command-window.js';
import type { RedisConnection } from './connection.js';
import { commandFailure, failureKind, isOutage, isTemporary } from './errors.js';
import type { RedisClient } from './options.js';
import { allScripts, type RedisScript } from './scripts.js';
import { isCluster } from './client.js';

export interface GateOptions {
  /** Milliseconds that a command is waited for, from when it is sent or Redis last answered an earlier one. */
  readonly commandTimeoutMs: number;
  /** Failures in a row that open the breaker. */
  readonly breakerThreshold: number;
  /** Milliseconds from the opening of the breaker to a probe, and from probe to probe. */
  readonly breakerProbeMs: number;
}

/** What is of use, and not needed. */
const dispensable = new Set(['SCRIPT LOAD', 'INFO', 'CONFIG GET', 'PING', 'SCAN of some keys']);

/** The reply of a script that was not sent after all. */
export const unwanted = Symbol('unwanted');

export interface GateListener {
  onBreak(reason: string): void;
  onReset(): void;
  /** The server does not let this user run a command. Told once for each. */
  onRefused(message: string): void;
}

type ScriptArgument = string | number | Buffer;

/** Arguments of a script; one that is a function is asked when the script is sent, which may be later than it was called. */
export type ScriptArguments = readonly (ScriptArgument | (() => ScriptArgument))[];

const together: SendOptions = {};

/** What ioredis has and does not declare. Its `callBuffer` mangles the command when the client pipelines by itself. */
type BufferScripts = RedisClient & {
  evalshaBuffer(...args: ScriptArgument[]): Promise<unknown>;
  evalBuffer(...args: ScriptArgument[]): Promise<unknown>;
};

/**
 * The one way to Redis: every command passes here. It does not wait for a Redis that is away or behind an open breaker,
 * bounds the silence of one that is there by `commandTimeout`, and turns every failure into an `InfrastructureError`.
 *
 * The breaker is closed again by probes of our own, not by a caller's command: nobody waits to find out.
 */
export class RedisExecutor implements RemoteServer {
  readonly #connection: RedisConnection;
  readonly #options: GateOptions;
  readonly #window: CommandWindow;
  readonly #streak: ConsecutiveBreaker;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #listener: GateListener;
  readonly #refused = new Map<string, string>();
  #probeTimer: NodeJS.Timeout | undefined;
  #open = false;
  #corked = false;
  #closed = false;

  constructor(connection: RedisConnection, options: GateOptions, listener: GateListener) {
    this.#connection = connection;
    this.#options = options;
    this.#listener = listener;
    this.#window = new CommandWindow(options.commandTimeoutMs, {
      get client() {
        return connection.canSend ? connection.client : undefined;
      },
      get bytesReceived() {
        return connection.bytesReceived;
      },
      cork: (client) => {
        this.#cork(client);
      },
      onReply: (what) => {
        this.#streak.success();
        if (this.#refused.size > 0) this.#refused.delete(what);
      },
      onFailure: (what, error) => this.#failed(what, error),
      onGivenUp: commandFailure,
    });
    connection.whenIdle = () => this.#window.whenIdle();
    this.#streak = new ConsecutiveBreaker(options.breakerThreshold);
    this.#breaker = circuitBreaker(handleAll, {
      breaker: this.#streak,
      halfOpenAfter: options.breakerProbeMs,
    });
    this.#breaker.onBreak((reason) => {
      // A failed probe opens it again, which is news to nobody.
      if (!this.#open && 'error' in reason) listener.onBreak(reason.error.message);
      this.#open = true;
      this.#window.dropWaiting(() => this.#openFailure());
      this.#probeLater();
    });
    this.#breaker.onReset(() => {
      this.#open = false;
      listener.onReset();
    });
  }

  /** Milliseconds that a command is waited for. */
  get commandTimeoutMs(): number {
    return this.#options.commandTimeoutMs;
  }

  get breakerState(): BreakerState {
    const { state } = this.#breaker;
    if (state === CircuitState.Closed) return 'closed';
    return state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** Why the server does not let this user run a command that the cache needs; undefined = it does. */
  get refusal(): string | undefined {
    return this.#refused.values().next().value;
  }

  /**
   * Sends a command once those before it leave room for it: see `CommandWindow`.
   *
   * @throws InfrastructureError for whatever goes wrong; its `cause` is what ioredis said, `details.kind` its kind
   */
  call<T>(
    what: string,
    send: (client: RedisClient) => Promise<T>,
    options: SendOptions = together,
  ): Promise<T> {
    if (!this.#connection.isReady || this.#breaker.state !== CircuitState.Closed)
      return this.#callUnready(what, send, options);
    return this.#window.run<T>(new PendingCommand(what, send, options));
  }

  async #callUnready<T>(
    what: string,
    send: (client: RedisClient) => Promise<T>,
    options: SendOptions,
  ): Promise<T> {
    const connection = this.#connection;
    if (connection.status === 'connecting') await connection.connected(this.#options.commandTimeoutMs);
    if (connection.status !== 'ready') throw connection.failure();
    if (this.#breaker.state !== CircuitState.Closed) throw this.#openFailure();
    return this.call(what, send, options);
  }

  #openFailure(): InfrastructureError {
    return new InfrastructureError(
      `Redis (${this.#connection.address}) does not answer: the breaker is open`,
      { details: { kind: 'timeout' } },
    );
  }

  /** Counts a failure, and gives the error for whoever called. */
  #failed(what: string, error: unknown): InfrastructureError {
    const failure = commandFailure(what, error);
    const kind = failureKind(failure);
    if (isOutage(kind)) this.#count(failure);
    // An answer, if a bad one: the server is there.
    else this.#streak.success();
    if (kind === 'permission') this.#tellRefused(what, failure.message);
    return failure;
  }

  /**
   * Runs a script by its digest; a server that does not know it (it was restarted, or flushed) gets the whole text, unless `isWanted` says
   * no by then: what was sent in between would be undone. Then it gives `unwanted`.
   */
  async script(
    what: string,
    script: RedisScript,
    keys: readonly string[],
    args: ScriptArguments,
    isWanted: () => boolean = always,
  ): Promise<unknown> {
    const size = { bytes: bytesOf(args) };
    try {
      return await this.call(
        what,
        (client) => client.evalsha(script.sha1, keys.length, ...keys, ...filledIn(args)),
        size,
      );
    } catch (error) {
      if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      if (!isWanted()) return unwanted;
      return this.call(
        what,
        (client) => client.eval(script.lua, keys.length, ...keys, ...filledIn(args)),
        size,
      );
    }
  }

  /** As `script`, with texts in the reply as bytes. */
  async scriptBuffer(
    what: string,
    script: RedisScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    try {
      return await this.call(what, (client) =>
        (client as BufferScripts).evalshaBuffer(script.sha1, keys.length, ...keys, ...args),
      );
    } catch (error) {
      if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      return this.call(what, (client) =>
        (client as BufferScripts).evalBuffer(script.lua, keys.length, ...keys, ...args),
      );
    }
  }

  /** Has a server that was just connected know our scripts. Where it may not be told, each comes with its first use. */
  async loadScripts(): Promise<void> {
    const loads = allScripts.flatMap(({ lua }) =>
      this.masters().map((master) => this.call('SCRIPT LOAD', () => master.script('LOAD', lua))),
    );
    for (const load of await Promise.allSettled(loads)) {
      if (load.status === 'rejected' && isTemporary(failureKind(load.reason))) throw load.reason;
    }
  }

  /** The servers that hold keys: one, or every master of a Cluster. */
  masters(): readonly Redis[] {
    const { client } = this.#connection;
    return isCluster(client) ? client.nodes('master') : [client];
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probeTimer);
    this.#window.close();
  }

  #tellRefused(what: string, message: string): void {
    if (this.#refused.has(what) || dispensable.has(what)) return;
    this.#refused.set(what, message);
    this.#listener.onRefused(message);
  }

  /** Commands of one tick leave in one write: pipelining without holding any command back. */
  #cork(client: RedisClient): void {
    if (this.#corked || isCluster(client)) return;
    const { stream } = client;
    this.#corked = true;
    stream.cork();
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  #count(failure: InfrastructureError): void {
    if (this.#breaker.state !== CircuitState.Closed) return;
    this.#breaker.execute(() => Promise.reject(failure)).catch(ignore);
  }

  #probeLater(): void {
    clearTimeout(this.#probeTimer);
    if (this.#closed) return;
    // A little later than the breaker's own clock asks for: a timer may come early by a millisecond.
    this.#probeTimer = setTimeout(() => {
      this.#probe().catch(() => {
        if (this.#breaker.state !== CircuitState.Closed) this.#probeLater();
      });
    }, this.#options.breakerProbeMs + 5);
    this.#probeTimer.unref();
  }

  async #probe(): Promise<void> {
    if (this.#closed) return;
    await this.#breaker.execute(async () => {
      if (this.#connection.status !== 'ready') throw this.#connection.failure();
      try {
        await this.#window.runFirst(new PendingCommand('PING', (client) => client.ping(), together));
      } catch (error) {
        const kind = failureKind(commandFailure('PING', error));
        // Refused is answered.
        if (kind === 'permission') return;
        // A connection that swallows everything stays "ready" for minutes; a new one finds out at once.
        if (kind === 'timeout') this.#connection.renew();
        throw error;
      }
    });
  }
}

function ignore(): void {
  // The failure has been counted; whoever called has it too.
}

function always(): boolean {
  return true;
}

function filledIn(args: ScriptArguments): ScriptArgument[] {
  return args.map((arg) => (typeof arg === 'function' ? arg() : arg));
}

/** Of its values; the rest is small. */
function bytesOf(args: ScriptArguments): number {
  let bytes = 0;
  for (const arg of args) if (typeof arg === 'object') bytes += arg.length;
  return bytes;
}
