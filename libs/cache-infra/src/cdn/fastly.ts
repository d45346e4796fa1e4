import { booleanValue, nonEmptyString } from '../base/checks.js';
import { apiAddress, assertApiOptions } from './api-options.js';
import { callApi } from './api-call.js';
import type { CdnPurge } from './cdn-purge.js';

export interface FastlyPurgeOptions {
  readonly serviceId: string;
  /** An API token with the scope `purge_select`. */
  readonly apiToken: string;
  /**
   * True: responses become stale, and Fastly serves them while it revalidates or while the application fails. Default
   * false: responses are removed.
   */
  readonly soft?: boolean | undefined;
  /** Default `'https://api.fastly.com'`. */
  readonly baseUrl?: string | undefined;
}

/**
 * Purges by `Surrogate-Key` at Fastly: up to 256 keys per request
 * (https://www.fastly.com/documentation/reference/api/purging).
 *
 * @throws ValidationError when an option is invalid
 */
export function fastlyPurge(options: FastlyPurgeOptions): CdnPurge {
  const checks = { serviceId: nonEmptyString, soft: booleanValue };
  assertApiOptions('fastlyPurge()', options, checks, ['serviceId', 'apiToken']);
  const { serviceId, apiToken, soft = false, baseUrl = 'https://api.fastly.com' } = options;
  return {
    header: 'Surrogate-Key',
    batchSize: 256,
    async purge(tags, signal) {
      const headers = {
        'Fastly-Key': apiToken,
        'Content-Type': 'application/json',
        Accept: 'application/json',
      };
      await callApi(
        {
          cdn: 'Fastly',
          url: apiAddress(baseUrl, 'service', serviceId, 'purge'),
          headers: soft ? { ...headers, 'Fastly-Soft-Purge': '1' } : headers,
          body: JSON.stringify({ surrogate_keys: tags }),
          secrets: [apiToken],
        },
        signal,
      );
    },
  };
}
