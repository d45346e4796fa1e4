import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';

import { terminusDialect } from '../nestjs/observe/terminus-dialect.js';
import { CdnPurger } from './cdn-purger.js';

/** The health of the purges as Terminus shows it. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- Terminus 10 and 11 take no interface here
export type CdnHealthDetails = {
  readonly status: 'up' | 'degraded';
  /** The state before a Terminus without `degraded` turns it into `up`. */
  readonly state: 'up' | 'degraded';
  /** Tags that wait for their purge. */
  readonly waiting: number;
  /** How long the oldest of them waits, in milliseconds. */
  readonly oldestMs: number;
  /** Tags that were given up since the start of the application. */
  readonly givenUp: number;
  /** Why the last purge failed. Absent if it did not. Contains no token. */
  readonly lastError?: string | undefined;
};

/**
 * The health of the purges, in the format of `@nestjs/terminus`. That package need not be installed.
 *
 * ```ts
 * this.health.check([() => this.cache.check(), () => this.cdn.check()]);
 * ```
 *
 * `degraded`: the last purge failed, and the CDN may serve older responses. Terminus 10 and 11 do not know `degraded`:
 * there the status is `up`, and `state` says `degraded`.
 */
@Injectable()
export class CdnHealthIndicator {
  constructor(
    private readonly purger: CdnPurger,
    private readonly modules: ModulesContainer,
  ) {}

  check<K extends string = 'cdn'>(key: K = 'cdn' as K): Record<K, CdnHealthDetails> {
    const { waiting = 0, oldestMs = 0, givenUp = 0, lastError } = this.purger.state() ?? {};
    const state = lastError === undefined ? 'up' : 'degraded';
    const status = terminusDialect(this.modules).knowsDegraded ? state : 'up';
    const details = {
      status,
      state,
      waiting,
      oldestMs,
      givenUp,
      ...(lastError === undefined ? {} : { lastError }),
    };
    return { [key]: details } as Record<K, CdnHealthDetails>;
  }
}
