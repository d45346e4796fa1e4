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
import { clientPrefixOf, isCluster } from './client.js';
import { scriptCommand } from './script-command.js';

export interface ExecutorOptions {
  /** Milliseconds until a command times out, from its sending or from the last reply to an earlier command. */
  readonly commandTimeoutMs: number;
  /** Failures in a row that open the breaker. */
  readonly breakerThreshold: number;
  /** Milliseconds from the opening of the breaker to a probe, and from probe to probe. */
  readonly breakerProbeMs: number;
}

/** Commands that the cache can do without: a refusal is not reported. */
const dispensable = new Set([
  ...['SCRIPT LOAD', 'INFO', 'CONFIG GET', 'PING', 'SCAN of some keys'],
  'EVAL of a summary',
]);

/** The result of a script that was not sent, because its call was no longer wanted. */
export const unwanted = Symbol('unwanted');

export interface ExecutorListener {
  /** The breaker has opened. */
  onBreak(reason: string): void;
  /** The breaker has closed again. */
  onReset(): void;
  /** The server refuses a command for this user. Called once per command. */
  onRefused(message: string): void;
}

type ScriptArgument = string | number | Buffer;

/** Arguments of a script. A function is called when the script is sent, which may be later than the call. */
export type ScriptArguments = readonly (ScriptArgument | (() => ScriptArgument))[];

/** How a script is sent. */
export interface ScriptOptions extends Pick<SendOptions, 'alone'> {
  /** False = the script must not be sent a second time. */
  readonly isWanted?: (() => boolean) | undefined;
}

const together: SendOptions = {};

/**
 * Methods that ioredis has and does not declare. `callBuffer` is no alternative: it mangles a command under
 * auto-pipelining.
 */
type BufferScripts = RedisClient & {
  evalshaBuffer(...args: ScriptArgument[]): Promise<unknown>;
  evalBuffer(...args: ScriptArgument[]): Promise<unknown>;
};

/**
 * Sends every command to Redis. Fails at once when Redis is unavailable or the breaker is open, bounds the silence of a
 * connected Redis by `commandTimeout`, and turns every failure into an `InfrastructureError`.
 *
 * Probes of the executor close the breaker again, never the command of a caller: so no caller waits for a Redis that is
 * still down.
 */
export class RedisExecutor implements RemoteServer {
  readonly #connection: RedisConnection;
  readonly #options: ExecutorOptions;
  readonly #window: CommandWindow;
  readonly #streak: ConsecutiveBreaker;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #listener: ExecutorListener;
  readonly #refused = new Map<string, string>();
  #probeTimer: NodeJS.Timeout | undefined;
  #open = false;
  #corked = false;
  #closed = false;

  constructor(connection: RedisConnection, options: ExecutorOptions, listener: ExecutorListener) {
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
      // A failed probe opens the breaker again: its listener already knows.
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

  /** Milliseconds until a command times out. */
  get commandTimeoutMs(): number {
    return this.#options.commandTimeoutMs;
  }

  get breakerState(): BreakerState {
    const { state } = this.#breaker;
    if (state === CircuitState.Closed) return 'closed';
    return state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** The message with which the server refuses this user a command that the cache needs; undefined = no refusal. */
  get refusal(): string | undefined {
    return this.#refused.values().next().value;
  }

  /**
   * Sends a command once there is room for it: see `CommandWindow`.
   *
   * @throws InfrastructureError for any failure; `cause` is the error of ioredis, `details.kind` its kind
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

  /** Counts a failure. Returns the error for the caller. */
  #failed(what: string, error: unknown): InfrastructureError {
    const failure = commandFailure(what, error);
    const kind = failureKind(failure);
    if (isOutage(kind)) this.#count(failure);
    // An error reply proves that the server answers.
    else this.#streak.success();
    if (kind === 'permission') this.#reportRefusal(what, failure.message);
    return failure;
  }

  /**
   * Runs a script by its digest. A server that does not know the script (it was restarted, or its scripts were flushed)
   * gets the whole text, unless `isWanted` returns false by then: a late script would undo a newer command. In that
   * case the result is `unwanted`.
   */
  async script(
    what: string,
    script: RedisScript,
    keys: readonly string[],
    args: ScriptArguments,
    { isWanted = always, alone = false }: ScriptOptions = {},
  ): Promise<unknown> {
    const size = { bytes: bytesOf(args), alone };
    try {
      return await this.call(what, (client) => this.#evalsha(client, script, keys, filledIn(args)), size);
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

  #evalsha(
    client: RedisClient,
    { sha1 }: RedisScript,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): Promise<unknown> {
    // A user's client may be of another release of ioredis. One with auto-pipelining must order its commands itself.
    if (!this.#connection.owned || client.options.enableAutoPipelining === true)
      return client.evalsha(sha1, keys.length, ...keys, ...args);
    const command = scriptCommand(sha1, keys, args, clientPrefixOf(client));
    return client.sendCommand(command) as Promise<unknown>;
  }

  /** As `script`, with buffers instead of texts in the reply. */
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

  /**
   * Loads the scripts into a newly connected server. Where this user may not, each script is sent with its first call.
   */
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

  #reportRefusal(what: string, message: string): void {
    if (this.#refused.has(what) || dispensable.has(what)) return;
    this.#refused.set(what, message);
    this.#listener.onRefused(message);
  }

  /** Writes the commands of one tick to the socket at once: pipelining without delay. */
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
    // A timer may fire a millisecond early by the clock of the breaker, which would then reject the probe.
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
        // A refusal is an answer.
        if (kind === 'permission') return;
        // A dead connection may stay `ready` for minutes. A new connection fails at once.
        if (kind === 'timeout') this.#connection.renew();
        throw error;
      }
    });
  }
}

function ignore(): void {
  // The failure is counted, and the caller gets it as well.
}

function always(): boolean {
  return true;
}

function filledIn(args: ScriptArguments): ScriptArgument[] {
  return args.map((arg) => (typeof arg === 'function' ? arg() : arg));
}

/** The bytes of the values. Keys and numbers are small. */
function bytesOf(args: ScriptArguments): number {
  let bytes = 0;
  for (const arg of args) if (typeof arg === 'object') bytes += arg.length;
  return bytes;
}
