import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { LoadOptions } from '../../libs/cache-infra/src/cache/contract/options.js';
import type { CacheStats } from '../../libs/cache-infra/src/cache/contract/stats.js';
import type { RaceLoad, RaceLoader, RaceOrigin } from './race.js';

/** Many callers of one key in one process. */
export interface Herd {
  readonly key: string;
  readonly callers: number;
  /** How long the loader takes; it never ends with `Infinity`. */
  readonly loadMs: number;
  readonly options: LoadOptions;
}

/** What became of them. */
export interface HerdReport {
  readonly runs: number;
  readonly values: readonly unknown[];
  readonly errors: readonly string[];
  readonly longestMs: number;
}

/** One call for many keys. */
export interface BulkCall {
  readonly keys: readonly string[];
  /** How long the loader takes. */
  readonly loadMs: number;
  readonly options: LoadOptions;
}

export interface BulkReport {
  /** The number of keys of each loader call. */
  readonly asked: readonly number[];
  /** The number of values. */
  readonly values: number;
}

/** A cache in a process of its own. */
export interface LoadingProcess extends RaceLoader {
  readonly pid: number;
  herd(herd: Herd): Promise<HerdReport>;
  bulk(call: BulkCall): Promise<BulkReport>;
  delete(key: string): Promise<boolean>;
  stats(): Promise<CacheStats>;
  /** Resolves when a loader of this process has started. */
  loading(): Promise<void>;
  /** As a crash. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: string;
  /** A loader asks what the origin of its load holds. */
  readonly origin?: number;
  readonly question?: number;
  readonly loading?: true;
}

export async function startLoadingProcess(options: RedisCacheOptions): Promise<LoadingProcess> {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  const child = fork(join(import.meta.dirname, 'loading-child.mjs'), [JSON.stringify(options)], {
    env,
    execArgv: [],
    serialization: 'advanced',
  });
  const gone = once(child, 'exit');
  await Promise.race([once(child, 'message'), gone]);
  if (child.exitCode !== null) throw new Error('the loading process did not start');
  return new RemoteCache(child, gone);
}

class RemoteCache implements LoadingProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  readonly #origins = new Map<number, RaceOrigin>();
  readonly #onLoading: (() => void)[] = [];
  #calls = 0;

  constructor(child: ChildProcess, gone: Promise<unknown>) {
    this.#child = child;
    this.#gone = gone;
    child.on('message', (message: Message) => {
      if (message.origin !== undefined) {
        void this.#answer(message.question, this.#origins.get(message.origin));
        return;
      }
      if (message.loading === true) {
        for (const told of this.#onLoading.splice(0)) told();
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

  get pid(): number {
    return this.#child.pid as number;
  }

  async load(load: RaceLoad, origin: RaceOrigin): Promise<number> {
    this.#origins.set(load.id, origin);
    try {
      return await this.#ask('load', load);
    } finally {
      this.#origins.delete(load.id);
    }
  }

  read(path: string, keys: readonly string[]): Promise<readonly unknown[]> {
    return this.#ask('read', path, keys);
  }

  herd(herd: Herd): Promise<HerdReport> {
    return this.#ask('herd', herd);
  }

  bulk(call: BulkCall): Promise<BulkReport> {
    return this.#ask('bulk', call);
  }

  delete(key: string): Promise<boolean> {
    return this.#ask('delete', key);
  }

  stats(): Promise<CacheStats> {
    return this.#ask('stats');
  }

  loading(): Promise<void> {
    return new Promise((resolve) => {
      this.#onLoading.push(resolve);
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.disconnect();
    await this.#gone;
  }

  async #answer(question: number | undefined, origin: RaceOrigin | undefined): Promise<void> {
    const value = await origin?.();
    if (this.#child.connected) this.#child.send({ question, value });
  }

  #ask<T>(method: string, ...args: unknown[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = ++this.#calls;
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, args });
    });
  }
}
