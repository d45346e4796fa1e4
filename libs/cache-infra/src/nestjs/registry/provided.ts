import type { InjectionToken } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';

/**
 * The instance that the application provides under `token`, in any module. Undefined if there is no such provider, or
 * no instance yet: until then Nest returns `null` for a factory provider. A later call may return another result.
 */
export function provider<T>(moduleRef: ModuleRef, token: InjectionToken<T>): T | undefined {
  try {
    return moduleRef.get<T | null>(token, { strict: false }) ?? undefined;
  } catch {
    return undefined;
  }
}

/** True if `token` has a provider whose instance does not exist yet. */
export function isPending(moduleRef: ModuleRef, token: InjectionToken): boolean {
  try {
    return (moduleRef.get<unknown>(token, { strict: false }) ?? undefined) === undefined;
  } catch {
    return false;
  }
}
