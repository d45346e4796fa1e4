import { randomUUID } from 'node:crypto';

import { nonEmptyString, type Check } from '../base/checks.js';
import { apiAddress, assertApiOptions } from './api-options.js';
import { callApi } from './api-call.js';
import type { CdnPurge } from './cdn-purge.js';
import { CdnPurgeError } from './cdn-purge-error.js';
import { signedHeaders, type AwsCredentials } from './signature-v4.js';

export interface CloudFrontPurgeOptions {
  readonly distributionId: string;
  /**
   * The credentials of a principal that may `cloudfront:CreateInvalidation`, or a function that returns them: temporary
   * ones end.
   */
  readonly credentials: AwsCredentials | (() => AwsCredentials | Promise<AwsCredentials>);
  /** Must equal `HeaderName` in the distribution's `CacheTagConfig`. Default `'Cache-Tag'`. */
  readonly header?: string | undefined;
  /** Default `'https://cloudfront.amazonaws.com'`. */
  readonly baseUrl?: string | undefined;
}

/** CloudFront is signed for this region, wherever the application runs. */
const region = 'us-east-1';

const givenCredentials: Check = (value) =>
  typeof value === 'function' || areCredentials(value)
    ? undefined
    : 'must be { accessKeyId, secretAccessKey, sessionToken? } or a function that returns them';

/**
 * Invalidates by tag at CloudFront. The distribution must have a `CacheTagConfig`
 * (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html). AWS bills each
 * tag as a path.
 *
 * @throws ValidationError when an option is invalid
 */
export function cloudFrontPurge(options: CloudFrontPurgeOptions): CdnPurge {
  const checks = { distributionId: nonEmptyString, credentials: givenCredentials, header: nonEmptyString };
  assertApiOptions('cloudFrontPurge()', options, checks, ['distributionId', 'credentials']);
  const { distributionId, credentials, header = 'Cache-Tag' } = options;
  const url = apiAddress(
    options.baseUrl ?? 'https://cloudfront.amazonaws.com',
    ...['2020-05-31', 'distribution', distributionId, 'invalidation'],
  );
  return {
    header,
    batchSize: 100,
    async purge(tags, signal) {
      const key = await currentCredentials(credentials);
      const body = invalidation(tags, randomUUID());
      const request = { method: 'POST', url, headers: { 'content-type': 'application/xml' }, body };
      const headers = signedHeaders(request, key, { region, service: 'cloudfront', now: Date.now() });
      const { accessKeyId, secretAccessKey, sessionToken } = key;
      const secrets = [accessKeyId, secretAccessKey, sessionToken].filter((it) => it !== undefined);
      await callApi({ cdn: 'CloudFront', url, headers, body, secrets }, signal);
    },
  };
}

/** CloudFront takes a tag as a path that begins with `#`. Edge tags have no character that XML reserves. */
function invalidation(tags: readonly string[], reference: string): string {
  const items = tags.map((tag) => `<Path>#${tag}</Path>`).join('');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<InvalidationBatch xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">',
    `<Paths><Quantity>${String(tags.length)}</Quantity><Items>${items}</Items></Paths>`,
    `<CallerReference>${reference}</CallerReference></InvalidationBatch>`,
  ].join('');
}

async function currentCredentials(given: CloudFrontPurgeOptions['credentials']): Promise<AwsCredentials> {
  if (typeof given !== 'function') return given;
  let credentials: unknown;
  try {
    credentials = await given();
  } catch {
    // The message of a foreign error may contain secrets.
    throw new CdnPurgeError('CloudFront was not asked to purge: the function `credentials` failed');
  }
  if (areCredentials(credentials)) return credentials;
  throw new CdnPurgeError(
    'CloudFront was not asked to purge: the function `credentials` must return { accessKeyId, secretAccessKey }',
  );
}

function areCredentials(value: unknown): value is AwsCredentials {
  if (typeof value !== 'object' || value === null) return false;
  const { accessKeyId, secretAccessKey, sessionToken } = value as Record<keyof AwsCredentials, unknown>;
  const needed = [accessKeyId, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  return needed.every((text) => nonEmptyString(text) === undefined);
}
