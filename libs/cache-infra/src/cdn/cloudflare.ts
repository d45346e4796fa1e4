import { nonEmptyString } from '../base/checks.js';
import { apiAddress, assertApiOptions } from './api-options.js';
import { callApi, quoted } from './api-call.js';
import type { CdnPurge } from './cdn-purge.js';
import { CdnPurgeError } from './cdn-purge-error.js';

export interface CloudflarePurgeOptions {
  readonly zoneId: string;
  /** An API token with the permission `Zone.Cache Purge`. */
  readonly apiToken: string;
  /** Default `'https://api.cloudflare.com/client/v4'`. */
  readonly baseUrl?: string | undefined;
}

/**
 * Purges by `Cache-Tag` at Cloudflare: up to 100 tags per request, on every plan
 * (https://developers.cloudflare.com/cache/how-to/purge-cache).
 *
 * @throws ValidationError when an option is invalid
 */
export function cloudflarePurge(options: CloudflarePurgeOptions): CdnPurge {
  assertApiOptions('cloudflarePurge()', options, { zoneId: nonEmptyString }, ['zoneId', 'apiToken']);
  const { zoneId, apiToken, baseUrl = 'https://api.cloudflare.com/client/v4' } = options;
  const secrets = [apiToken];
  return {
    header: 'Cache-Tag',
    batchSize: 100,
    async purge(tags, signal) {
      const answer = await callApi(
        {
          cdn: 'Cloudflare',
          url: apiAddress(baseUrl, 'zones', zoneId, 'purge_cache'),
          headers: { Authorization: `Bearer ${apiToken}`, 'Content-Type': 'application/json' },
          body: JSON.stringify({ tags }),
          secrets,
        },
        signal,
      );
      if (!isSuccess(answer))
        throw new CdnPurgeError(`Cloudflare refused the purge${quoted(answer, secrets)}`);
    },
  };
}

/** Cloudflare says in the body whether it accepted a request. */
function isSuccess(answer: string): boolean {
  try {
    return (JSON.parse(answer) as { success?: unknown } | null)?.success === true;
  } catch {
    return false;
  }
}
