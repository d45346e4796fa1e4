import { HttpException } from '@nestjs/common';

/** A handler's error on its way to all those who wait for the handler. */
export class HandlerFailure extends Error {
  constructor(
    override readonly cause: unknown,
    /** Of the request for which the handler ran. */
    readonly fingerprint: string,
    /** The client of that request had left: the handler may have given up for it alone. */
    readonly isAbandoned: boolean,
  ) {
    super('The handler failed', { cause });
  }
}

/** Errors that a stale response may stand in for (RFC 5861 §4). */
export const standInStatuses: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** The status that Nest will answer an error with. */
export function failureStatus(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined;
  return typeof status === 'number' ? status : 500;
}
