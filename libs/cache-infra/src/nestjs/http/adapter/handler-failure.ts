import { HttpException } from '@nestjs/common';

/** A handler's error, passed to every request that waits for the same run. */
export class HandlerFailure extends Error {
  constructor(
    override readonly cause: unknown,
    /** The fingerprint of the request that the handler ran for. */
    readonly fingerprint: string,
    /** The client of that request disconnected, so the handler may have aborted for that client only. */
    readonly isAbandoned: boolean,
  ) {
    super('The handler failed', { cause });
  }
}

/** Statuses that a stale response may replace (RFC 5861 §4). */
export const standInStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** The status of Nest's response to an error. */
export function failureStatus(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' ? status : 500;
}
