/**
 * A CDN that purges responses by tag: {@link cloudflarePurge}, {@link fastlyPurge}, {@link cloudFrontPurge}, or one of
 * your own.
 */
export interface CdnPurge {
  /** The response header that the CDN reads tags from. Default `'Cache-Tag'`. */
  readonly header?: string | undefined;
  /** Most tags of one request to the CDN's API. Default 100. */
  readonly batchSize?: number | undefined;
  /**
   * Purges every response with one of `tags`. Resolves when the CDN has accepted the purge. May be called again with
   * the same tags.
   *
   * @param tags edge tags, as the responses have them: lower-case ASCII, at most 128 bytes each, at most `batchSize`
   * @param signal aborts on time-out and at the end of the application
   * @throws {@link CdnPurgeError} to say when to retry; after any other error the purge is retried with back-off
   */
  purge(tags: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Tags per request if the CDN does not say. */
export const defaultBatchSize = 100;
