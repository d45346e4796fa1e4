import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { RedisCache } from 'nestjs-cache-infra';

import { buildLibrary } from '../faults/build-library.js';
import { testRedisUrl } from './redis.js';
import { root } from './repository.js';
import { runCli, type Outcome } from './run-cli.js';

/** A command of the built library, and a cache that it looks at: a new one for each test. */
export class CliCache {
  readonly redisUrl = testRedisUrl();
  /** Of this file, for the files of its tests. */
  directory = '';
  keyPrefix = '';
  cache!: RedisCache;
  readonly #command: string;

  /** Registers what is to be done before and after the tests. */
  constructor(command: string) {
    this.#command = command;
    beforeAll(async () => {
      await buildLibrary();
      this.directory = await mkdtemp(join(root, 'test-results', `cli-${command}-`));
    }, 180_000);
    afterAll(() => rm(this.directory, { recursive: true, force: true }));
    beforeEach(() => {
      this.keyPrefix = `${command}-${randomUUID()}`;
      this.cache = new RedisCache({ redisUrl: this.redisUrl, keyPrefix: this.keyPrefix });
    });
    afterEach(async () => {
      await this.cache.clear();
      await this.cache.close();
    });
  }

  /** Runs the command on the cache. */
  run(...args: string[]): Promise<Outcome> {
    const env = { REDIS_URL: this.redisUrl, CACHE_KEY_PREFIX: this.keyPrefix };
    return runCli([this.#command, ...args], this.directory, env);
  }
}
