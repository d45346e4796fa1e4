import type { ModulesContainer } from '@nestjs/core';

import type { CacheStatus } from '../../cache/contract/health.js';

/** How the application's `@nestjs/terminus` learns of a failing check, and which states it knows. */
export interface TerminusDialect {
  /** Terminus 10 counts every result as healthy: a failing check has to throw. */
  readonly throwsWhenDown: boolean;
  /** Terminus 10 and 11 know `up` and `down` only: 11 leaves another state out of its answer. */
  readonly knowsDegraded: boolean;
}

const terminus12: TerminusDialect = { throwsWhenDown: false, knowsDegraded: true };

/** The dialect of the Terminus in these modules; that of Terminus 12 without one. It is told by what it provides. */
export function terminusDialect(modules: ModulesContainer): TerminusDialect {
  for (const { metatype, providers } of modules.values()) {
    if ((metatype as { name?: string } | undefined)?.name !== 'TerminusModule') continue;
    for (const [token, { instance }] of providers) {
      if (typeof token !== 'function' || token.name !== 'HealthIndicatorService') continue;
      const session = (instance as { check?: (key: string) => object } | null)?.check?.('cache') ?? {};
      return { throwsWhenDown: false, knowsDegraded: 'degraded' in session };
    }
    return { throwsWhenDown: true, knowsDegraded: false };
  }
  return terminus12;
}

/** A failing check as Terminus 10 has it: its `HealthCheckError`, told by its marks. */
export class FailedHealthCheck extends Error {
  readonly isHealthCheckError = true;

  /** @param causes the result of the check, which Terminus shows */
  constructor(readonly causes: Readonly<Record<string, { readonly status: CacheStatus }>>) {
    super(`Health check failed: ${Object.keys(causes).join(', ')}`);
    this.name = 'HealthCheckError';
  }
}
