import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/**
 * What the application provides under `token`, in whatever module. Undefined when that is nothing, and as long as it is not made: Nest
 * gives `null` then, for what a factory makes. The answer may be another one later.
 */
export function provider<T>(moduleRef: ModuleRef, token: InjectionToken<T>): T | undefined {
  try {
    return moduleRef.get<T | null>(token, { strict: false }) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether something is provided under `token` that is not made yet. */
export function isPending(moduleRef: ModuleRef, token: InjectionToken): boolean {
  try {
    return (moduleRef.get<unknown>(token, { strict: false }) ?? undefined) === undefined;
  } catch {
    return false;
  }
}
