import {
  assertOptions,
  integerBetween,
  nonEmptyString,
  objectWith,
  positiveInteger,
  duration,
  timeout,
  type Check,
  type Checks,
} from '../base/checks.js';
import { durationMs, type Ttl } from '../base/duration.js';
import { maxPrefixBytes, prefixBytes } from '../nestjs/http/rules/edge-tag.js';
import type { EdgeTagSettings } from '../nestjs/http/rules/edge-fields.js';
import type { CdnPurge } from './cdn-purge.js';
import type { PurgeLimits } from './purge-queue.js';

/** The options of {@link CdnModule}. */
export interface CdnModuleOptions {
  /** The CDN to purge. Default: none; responses name their tags, and nothing purges them. */
  readonly purge?: CdnPurge | undefined;
  /**
   * Names of the response headers that hold the tags. Default: the header that the CDN of `purge` reads; without
   * `purge`, `['Cache-Tag']`. Akamai reads `Edge-Cache-Tag`. The tags are separated by commas; by spaces in
   * `Surrogate-Key` and `xkey`.
   */
  readonly headers?: readonly string[] | undefined;
  /**
   * Stands before every tag. Applications that share a zone or a service need different ones: otherwise each purges the
   * responses of the other, too. At most 60 bytes after encoding. Default: none.
   */
  readonly prefix?: string | undefined;
  /**
   * Most tags of one response; the CDN ignores more. A response that has more is part of every purge. Default 50, the
   * limit of CloudFront. Akamai takes 128; Cloudflare and Fastly have a limit in bytes only.
   */
  readonly maxTags?: number | undefined;
  /**
   * Delay of a second purge of the same tags, for responses that were made from older data and reached the CDN after
   * the first. Longer than your slowest handler. 0 = no second purge. Default `'3s'`.
   */
  readonly repeatAfter?: Ttl | undefined;
  /** Time limit of one request to the CDN. Default `'5s'`. */
  readonly timeout?: Ttl | undefined;
  /** Most tags that wait. Beyond it, one purge of the whole application replaces them. Default 10,000. */
  readonly maxWaiting?: number | undefined;
  /** A tag that the CDN has refused for longer is given up, counted and logged. Default `'1d'`. */
  readonly maxAge?: Ttl | undefined;
  /** How long the end of the application waits for the purges. 0 = not at all. Default `'5s'`. */
  readonly shutdownTimeout?: Ttl | undefined;
}

const headerNames: Check = (value) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((name) => typeof name === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(name))
    ? undefined
    : 'must be a non-empty list of header names';

const prefixText: Check = (value) => {
  const problem = nonEmptyString(value);
  if (problem !== undefined) return problem;
  const bytes = prefixBytes(value as string);
  return bytes <= maxPrefixBytes
    ? undefined
    : `must not exceed ${String(maxPrefixBytes)} bytes after percent-encoding, has ${String(bytes)}`;
};

const checks: Checks = {
  purge: objectWith('purge'),
  headers: headerNames,
  prefix: prefixText,
  // A response has the tags of its URL, too.
  maxTags: integerBetween(4, 1000),
  repeatAfter: duration,
  timeout,
  maxWaiting: positiveInteger,
  maxAge: timeout,
  shutdownTimeout: duration,
};

/** What {@link CdnModule} works by, with every default. */
export interface CdnSettings {
  readonly purge: CdnPurge | undefined;
  readonly edgeTags: EdgeTagSettings;
  readonly limits: PurgeLimits;
  readonly shutdownTimeoutMs: number;
}

/** @throws ValidationError that lists every problem */
export function cdnSettings(options: CdnModuleOptions): CdnSettings {
  assertOptions('CdnModule', options, checks);
  const { purge, headers = [purge?.header ?? 'Cache-Tag'], prefix, maxTags = 50 } = options;
  const { repeatAfter = '3s', timeout: limit = '5s', maxWaiting = 10_000, maxAge = '1d' } = options;
  return {
    purge,
    edgeTags: { headers, prefix, maxTags },
    limits: {
      maxWaiting,
      maxAgeMs: durationMs(maxAge),
      timeoutMs: durationMs(limit),
      repeatAfterMs: durationMs(repeatAfter),
    },
    shutdownTimeoutMs: durationMs(options.shutdownTimeout ?? '5s'),
  };
}
