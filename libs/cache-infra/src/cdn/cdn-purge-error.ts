import { InfrastructureError } from '../base/errors.js';

export interface CdnPurgeErrorOptions {
  readonly cause?: unknown;
  /** The status of the CDN's answer. Absent if it did not answer. */
  readonly status?: number | undefined;
  /** The time that the CDN asks to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** A CDN refused a purge, or did not answer. Contains no token. */
export class CdnPurgeError extends InfrastructureError {
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { cause, status, retryAfterMs }: CdnPurgeErrorOptions = {}) {
    super(message, { ...(cause === undefined ? {} : { cause }), details: { status, retryAfterMs } });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}
