import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { RedisServer } from 'nestjs-cache-infra/testing';
import { embeddedRedis } from './embedded-redis.js';
import type { RedisState } from './lesson-words.js';

/** The Redis that both instances of the live demo share. The visitor stops and starts it. */
@Injectable()
export class LiveRedis implements OnApplicationShutdown {
  #state: RedisState;

  private constructor(private readonly server: RedisServer | undefined) {
    this.#state = server === undefined ? 'none' : 'running';
  }

  /** Starts a Redis; state `none` if the machine has none, or if it fails to start. */
  static async start(): Promise<LiveRedis> {
    const server = await embeddedRedis().catch((error: unknown) => {
      const message = `Redis failed to start, the demo continues without Redis: ${String(error)}`;
      new Logger('LiveRedis').warn(message);
      return undefined;
    });
    return new LiveRedis(server);
  }

  get state(): RedisState {
    return this.#state;
  }

  /** Undefined: the machine has no Redis, and each instance caches in its own memory. */
  get url(): string | undefined {
    return this.server?.url;
  }

  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    await this.server?.stop();
  }

  async resume(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'running';
    await this.server?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.server?.stop();
  }
}
