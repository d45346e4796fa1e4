import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';

/** How one stream of the process ended. */
export type StreamRead =
  | {
      readonly outcome: string;
      readonly cached: boolean;
      readonly text: string;
      readonly chunks: number;
      readonly error?: undefined;
    }
  | { readonly error: string };

export interface StreamToOpen {
  readonly id: number;
  readonly prompt: string;
  /** The number of chunks of the answer, should this process produce it. */
  readonly chunks: number;
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  readonly producing?: true;
}

/** An AI cache in a process of its own. Its producers give a chunk when the test allows it. */
export class StreamingProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  readonly #onProducing: (() => void)[] = [];
  #calls = 0;

  static async start(options: RedisCacheOptions): Promise<StreamingProcess> {
    const { NODE_OPTIONS: _options, ...env } = process.env;
    const script = join(import.meta.dirname, 'streaming-child.mjs');
    const child = fork(script, [JSON.stringify(options)], { env, execArgv: [], serialization: 'advanced' });
    const gone = once(child, 'exit');
    await Promise.race([once(child, 'message'), gone]);
    if (child.exitCode !== null) throw new Error('the streaming process did not start');
    return new StreamingProcess(child, gone);
  }

  private constructor(child: ChildProcess, gone: Promise<unknown>) {
    this.#child = child;
    this.#gone = gone;
    child.on('message', (message: Message) => {
      if (message.producing === true) {
        for (const told of this.#onProducing.splice(0)) told();
        return;
      }
      const call = this.#waiting.get(message.id ?? -1);
      this.#waiting.delete(message.id ?? -1);
      if (message.error === undefined) call?.resolve(message.result as never);
      else call?.reject(new Error(message.error));
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`ended: ${String(code ?? signal)}`));
      this.#waiting.clear();
    });
  }

  /** Opens a stream, and reads it to its end. */
  open(stream: StreamToOpen): Promise<void> {
    return this.#ask('open', stream);
  }

  /** Lets each producer of the process go on up to so many chunks. */
  allow(chunks: number): Promise<void> {
    return this.#ask('allow', chunks);
  }

  /** The number of chunks of the production that runs. */
  produced(): Promise<number> {
    return this.#ask('produced');
  }

  /** The number of productions. */
  starts(): Promise<number> {
    return this.#ask('starts');
  }

  /** Resolves when the stream has ended. */
  result(id: number): Promise<StreamRead> {
    return this.#ask('result', id);
  }

  /** Resolves when the next producer of this process has started. */
  producing(): Promise<void> {
    return new Promise((resolve) => {
      this.#onProducing.push(resolve);
    });
  }

  /** As a crash. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.disconnect();
    await this.#gone;
  }

  #ask<T>(method: string, ...args: unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#calls;
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, args });
    });
  }
}
