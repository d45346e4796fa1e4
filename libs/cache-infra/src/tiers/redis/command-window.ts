import { CacheTimeoutError, InfrastructureError } from '../../base/errors.js';
import type { RedisClient } from './options.js';
import { ResponsiveTimer } from './responsive-timer.js';

/**
 * Most commands in flight: enough to keep Redis busy over any round trip, few enough to be answered within
 * milliseconds.
 */
const mostCommands = 256;
/** Most bytes of arguments in flight. A single larger command is sent alone. */
const mostBytes = 1024 * 1024;
/** Most time limits that a command stays in flight while replies to earlier commands keep arriving. */
const mostLimits = 10;
/** Settled commands at the head of a queue from which on the queue is compacted. */
const manySettled = 512;

/** The window's way to Redis, and its listener. */
export interface WindowHost {
  /** The client to send with; undefined = the connection is unavailable. */
  readonly client: RedisClient | undefined;
  /**
   * Bytes received on the connection. Undefined = several servers answer (a Cluster), where the silence of one server
   * says nothing about the others.
   */
  readonly bytesReceived: number | undefined;
  /** Called before a command that other commands may follow in this turn of the event loop. */
  cork(client: RedisClient): void;
  onReply(what: string): void;
  /** Redis failed; returns the error for the caller. */
  onFailure(what: string, error: unknown): Error;
  /** The command was not sent, or Redis answers slowly: not a failure of Redis. Returns the error for the caller. */
  onGivenUp(what: string, error: unknown): Error;
}

/** How a command is sent. */
export interface SendOptions {
  /** Bytes of the arguments, where they may be many. */
  readonly bytes?: number;
  /** The command is written at once, and not together with others of this turn of the event loop. */
  readonly alone?: boolean;
}

/** A command, and the callbacks of its caller. */
export class PendingCommand {
  readonly what: string;
  readonly bytes: number;
  readonly alone: boolean;
  /** The moment when the command began to wait; once it is sent, the moment when it was sent. */
  since = 0;
  isSettled = false;
  #send: ((client: RedisClient) => Promise<unknown>) | undefined;
  #resolve: ((reply: unknown) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  constructor(what: string, send: (client: RedisClient) => Promise<unknown>, options: SendOptions) {
    this.what = what;
    this.bytes = options.bytes ?? 0;
    this.alone = options.alone === true;
    this.#send = send;
  }

  answerTo(resolve: (reply: unknown) => void, reject: (error: Error) => void): void {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  sendBy(client: RedisClient): Promise<unknown> {
    const send = this.#send;
    this.#send = undefined;
    return send === undefined ? Promise.reject(new Error('a command was sent twice')) : send(client);
  }

  resolve(reply: unknown): void {
    const resolve = this.#resolve;
    this.#settle();
    resolve?.(reply);
  }

  reject(error: Error): void {
    const reject = this.#reject;
    this.#settle();
    reject?.(error);
  }

  /** A settled command may stay in a queue for a while. It must not keep its reply in memory. */
  #settle(): void {
    this.isSettled = true;
    this.#send = undefined;
    this.#resolve = undefined;
    this.#reject = undefined;
  }
}

/**
 * Bounds the commands in flight: the others wait, and are sent in order.
 *
 * A time limit must measure Redis and not the queue of this process. Three rules follow:
 *
 * - The limit of a command runs from the moment when it was sent, and starts again with each reply to an earlier
 *   command: Redis answers a connection in order, so a reply is progress for all later commands. Silence for the whole
 *   limit is a failure of Redis. (A Cluster has many connections: there the limit runs from the moment when the command
 *   was sent.)
 * - A waiting command has no limit while Redis answers promptly: this process made the queue. Once a reply takes longer
 *   than the limit, or Redis is silent, commands that have waited for the limit are dropped without having been sent.
 * - Time in which the event loop was busy does not count (`ResponsiveTimer`).
 *
 * So every call ends within the limit on a hung Redis, plus one slice of the timer, and within eleven limits on a slow
 * Redis.
 */
export class CommandWindow {
  readonly #limitMs: number;
  readonly #host: WindowHost;
  readonly #timer: ResponsiveTimer;
  readonly #sent = new CommandQueue();
  readonly #waiting = new CommandQueue();
  #out = 0;
  #outBytes = 0;
  readonly #onIdle: (() => void)[] = [];
  #repliedAt = 0;
  #lookedAt = 0;
  #bytesReceived: number | undefined;
  /** The last reply took longer than the limit. */
  #isSlow = false;

  constructor(limitMs: number, host: WindowHost) {
    this.#limitMs = limitMs;
    this.#host = host;
    this.#timer = new ResponsiveTimer(limitMs, (now) => this.#look(now));
  }

  /** The number of commands that wait to be sent. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sends `command` once there is room for it, after the commands that already wait. */
  run<T>(command: PendingCommand): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      command.answerTo(resolve as (reply: unknown) => void, reject);
      this.#timer.start();
      if (this.#waiting.size === 0 && this.#hasRoomFor(command)) {
        this.#send(command);
      } else {
        command.since = this.#timer.now();
        this.#waiting.push(command);
      }
    });
  }

  /** Sends `command` at once, before all waiting commands. */
  runFirst<T>(command: PendingCommand): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      command.answerTo(resolve as (reply: unknown) => void, reject);
      this.#timer.start();
      this.#send(command);
    });
  }

  /** Resolves once all commands are settled. */
  async whenIdle(): Promise<void> {
    while (this.#out > 0 || this.#waiting.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle.push(resolve);
      });
    }
  }

  /** Drops the waiting commands. */
  dropWaiting(error: (what: string) => Error): void {
    for (const command of this.#waiting.takeAll()) {
      command.reject(this.#host.onGivenUp(command.what, error(command.what)));
    }
  }

  /** Rejects all commands. */
  close(): void {
    this.#timer.stop();
    const closed = (): Error => new InfrastructureError('Redis command abandoned: the cache is closed');
    this.dropWaiting(closed);
    for (const command of this.#sent.takeAll()) command.reject(this.#host.onGivenUp(command.what, closed()));
    this.#out = 0;
    this.#outBytes = 0;
  }

  #hasRoomFor({ bytes }: PendingCommand): boolean {
    return this.#out === 0 || (this.#out < mostCommands && this.#outBytes + bytes <= mostBytes);
  }

  #send(command: PendingCommand): void {
    const { client } = this.#host;
    if (client === undefined) {
      command.reject(
        this.#host.onGivenUp(command.what, notSent('the connection is unavailable', 'connection')),
      );
      return;
    }
    command.since = this.#timer.now();
    this.#sent.push(command);
    this.#out++;
    this.#outBytes += command.bytes;
    if (!command.alone) this.#host.cork(client);
    try {
      command.sendBy(client).then(
        (reply) => {
          if (!this.#ended(command)) return;
          this.#host.onReply(command.what);
          command.resolve(reply);
        },
        (error: unknown) => {
          this.#failed(command, error);
        },
      );
    } catch (error) {
      this.#failed(command, error);
    }
  }

  #failed(command: PendingCommand, error: unknown): void {
    if (this.#ended(command)) command.reject(this.#host.onFailure(command.what, error));
  }

  /** Records the arrival of a reply; false = the command has already timed out. */
  #ended(command: PendingCommand): boolean {
    this.#repliedAt = this.#timer.now();
    this.#isSlow = this.#repliedAt - command.since > this.#limitMs;
    if (command.isSettled) return false;
    this.#leave(command);
    if (this.#waiting.size > 0) this.#sendMore();
    return true;
  }

  #leave(command: PendingCommand): void {
    this.#out--;
    this.#outBytes -= command.bytes;
    if (this.#out === 0 && this.#onIdle.length > 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #sendMore(): void {
    let next = this.#waiting.first();
    while (next !== undefined && this.#hasRoomFor(next)) {
      this.#waiting.take();
      this.#send(next);
      next = this.#waiting.first();
    }
  }

  /** Rejects the commands that are due. Returns the moment of the next check. */
  #look(now: number): number | undefined {
    this.#noteBytes(now);
    this.#endSilent(now);
    if (this.#isSlow || this.#host.client === undefined) this.#endWaiting(now);
    this.#sendMore();
    const next = this.#sent.first();
    return next === undefined ? undefined : this.#endOf(next);
  }

  /**
   * A part of a long reply is progress, too. So are replies to commands that the application sends by the same client.
   */
  #noteBytes(now: number): void {
    const { bytesReceived } = this.#host;
    if (bytesReceived !== this.#bytesReceived && this.#repliedAt < this.#lookedAt) this.#repliedAt = now;
    this.#bytesReceived = bytesReceived;
    this.#lookedAt = now;
  }

  #endSilent(now: number): void {
    let hungs = 0;
    for (let next = this.#sent.first(); next !== undefined; next = this.#sent.first()) {
      if (this.#endOf(next) > now) break;
      this.#sent.take();
      this.#leave(next);
      const { what } = next;
      if (this.#silentSince(next) + this.#limitMs > now) {
        const ms = String(mostLimits * this.#limitMs);
        const slow = new CacheTimeoutError(`Redis answers slowly: no answer to ${what} within ${ms} ms`);
        next.reject(this.#host.onGivenUp(what, slow));
      } else {
        hungs++;
        const silent = `Redis did not answer ${what} within ${String(this.#limitMs)} ms`;
        next.reject(this.#host.onFailure(what, new CacheTimeoutError(silent)));
      }
    }
    // A command sent on the silent connection would get no answer, either.
    if (hungs > 0 && this.#bytesReceived !== undefined)
      this.dropWaiting(() => notSent('Redis does not answer earlier commands', 'timeout'));
  }

  #endWaiting(now: number): void {
    for (let next = this.#waiting.first(); next !== undefined; next = this.#waiting.first()) {
      if (next.since + this.#limitMs > now && this.#host.client !== undefined) break;
      this.#waiting.take();
      const why =
        this.#host.client === undefined
          ? 'the connection is unavailable'
          : 'Redis answers slowly, and the command has waited for the whole time limit';
      next.reject(this.#host.onGivenUp(next.what, notSent(why, 'timeout')));
    }
  }

  /** The moment when this command times out if no further reply arrives. */
  #endOf(command: PendingCommand): number {
    return Math.min(this.#silentSince(command) + this.#limitMs, command.since + mostLimits * this.#limitMs);
  }

  #silentSince({ since }: PendingCommand): number {
    return this.#host.bytesReceived === undefined ? since : Math.max(since, this.#repliedAt);
  }
}

/** First in, first out. */
class CommandQueue {
  #commands: PendingCommand[] = [];
  #head = 0;

  get size(): number {
    return this.#commands.length - this.#head;
  }

  push(command: PendingCommand): void {
    this.#commands.push(command);
  }

  /** The first command that is not settled. */
  first(): PendingCommand | undefined {
    while (this.#commands[this.#head]?.isSettled === true) this.#head++;
    if (this.#head >= manySettled) this.#dropHead();
    return this.#commands[this.#head];
  }

  take(): void {
    this.#head++;
  }

  takeAll(): PendingCommand[] {
    const all = this.#commands.slice(this.#head);
    this.#commands = [];
    this.#head = 0;
    return all;
  }

  #dropHead(): void {
    this.#commands = this.#commands.slice(this.#head);
    this.#head = 0;
  }
}

function notSent(why: string, kind: 'timeout' | 'connection'): InfrastructureError {
  return new InfrastructureError(`Redis command not sent: ${why}`, { details: { kind } });
}
