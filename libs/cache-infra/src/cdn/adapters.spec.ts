import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { StubCdn, type PurgeRequest } from '../../../../test/support/stub-cdn.js';
import { ValidationError } from '../base/errors.js';
import { cloudflarePurge } from './cloudflare.js';
import { cloudFrontPurge } from './cloudfront.js';
import type { CdnPurge } from './cdn-purge.js';
import { CdnPurgeError } from './cdn-purge-error.js';
import { fastlyPurge } from './fastly.js';
import { signedHeaders } from './signature-v4.js';

const token = 'token-that-stays-secret';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: token, sessionToken: 'session-of-a-role' };

let stub: StubCdn;
let baseUrl: string;

beforeEach(async () => {
  stub = await StubCdn.start();
  baseUrl = stub.url;
});

afterEach(() => stub.stop());

const signal = new AbortController().signal;
const adapters: [name: string, make: () => CdnPurge][] = [
  ['Cloudflare', () => cloudflarePurge({ zoneId: 'zone', apiToken: token, baseUrl })],
  ['Fastly', () => fastlyPurge({ serviceId: 'service', apiToken: token, baseUrl })],
  ['CloudFront', () => cloudFrontPurge({ distributionId: 'E1', credentials, baseUrl })],
];

/** The error of a purge. */
async function errorOf(purge: Promise<void>): Promise<CdnPurgeError> {
  const error: unknown = await purge.then(
    () => undefined,
    (it: unknown) => it,
  );
  expect(error).toBeInstanceOf(CdnPurgeError);
  return error as CdnPurgeError;
}

describe('cloudflarePurge', () => {
  it('sends the tags to the zone', async () => {
    const cdn = cloudflarePurge({ zoneId: 'zone/1', apiToken: token, baseUrl: `${baseUrl}/client/v4/` });

    await cdn.purge(['a', 'b'], signal);

    expect(cdn).toMatchObject({ header: 'Cache-Tag', batchSize: 100 });
    expect(stub.requests).toMatchObject([
      {
        method: 'POST',
        url: '/client/v4/zones/zone%2F1/purge_cache',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"tags":["a","b"]}',
      },
    ]);
  });

  it('fails if the answer is no success, whatever its status', async () => {
    stub.answer = {
      status: 200,
      body: '{"success":false,"errors":[{"code":1094,"message":"not entitled"}]}',
    };
    const cdn = cloudflarePurge({ zoneId: 'zone', apiToken: token, baseUrl });

    expect((await errorOf(cdn.purge(['a'], signal))).message).toContain('not entitled');
    stub.answer = { status: 200, body: '<html>a proxy</html>' };
    expect((await errorOf(cdn.purge(['a'], signal))).message).toContain('a proxy');
  });
});

describe('fastlyPurge', () => {
  it.each([
    ['removes', false, undefined],
    ['makes stale', true, '1'],
  ])('%s the responses with the keys', async (_, soft, softPurge) => {
    const cdn = fastlyPurge({ serviceId: 'service', apiToken: token, soft, baseUrl });

    await cdn.purge(['a', 'b'], signal);

    expect(cdn).toMatchObject({ header: 'Surrogate-Key', batchSize: 256 });
    expect(stub.requests).toMatchObject([
      {
        method: 'POST',
        url: '/service/service/purge',
        headers: { 'fastly-key': token },
        body: '{"surrogate_keys":["a","b"]}',
      },
    ]);
    expect(stub.requests[0]?.headers['fastly-soft-purge']).toBe(softPurge);
  });
});

describe('cloudFrontPurge', () => {
  it('sends each tag as a path that begins with #, with a valid signature', async () => {
    const cdn = cloudFrontPurge({ distributionId: 'E1', credentials: () => credentials, baseUrl });

    await cdn.purge(['shop!a%3a1', 'b'], signal);
    await cdn.purge(['b'], signal);

    const [first, second] = stub.requests as [PurgeRequest, PurgeRequest];
    expect(first.url).toBe('/2020-05-31/distribution/E1/invalidation');
    expect(first.body).toContain(
      '<Quantity>2</Quantity><Items><Path>#shop!a%3a1</Path><Path>#b</Path></Items>',
    );
    const reference = /<CallerReference>(.+)<\/CallerReference>/;
    expect(reference.exec(first.body)?.[1]).not.toBe(reference.exec(second.body)?.[1]);
    // The server signs the received request by the same key.
    const time = String(first.headers['x-amz-date']);
    const now = Date.parse(time.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z'));
    const expected = signedHeaders(
      {
        method: 'POST',
        url: new URL(`http://${String(first.headers.host)}${String(first.url)}`),
        headers: { 'content-type': String(first.headers['content-type']) },
        body: first.body,
      },
      credentials,
      { region: 'us-east-1', service: 'cloudfront', now },
    );
    expect(first.headers.authorization).toBe(expected['authorization']);
    expect(first.headers['x-amz-security-token']).toBe(credentials.sessionToken);
  });

  it.each([
    ['throws', () => Promise.reject(new Error(`no role for ${token}`)), 'failed'],
    ['returns nothing', () => JSON.parse('{}') as typeof credentials, 'must return'],
  ])('fails without the message of a function for credentials that %s', async (_, given, words) => {
    const cdn = cloudFrontPurge({ distributionId: 'E1', credentials: given, baseUrl });

    const { message } = await errorOf(cdn.purge(['a'], signal));

    expect(message).toContain(words);
    expect(message).not.toContain(token);
    expect(stub.requests).toEqual([]);
  });
});

describe.each(adapters)('the adapter of %s', (name, make) => {
  it('says when the CDN asks to retry', async () => {
    stub.answer = { status: 429, headers: { 'Retry-After': '7' }, body: 'slow down' };

    const error = await errorOf(make().purge(['a'], signal));

    expect(error).toMatchObject({ status: 429, retryAfterMs: 7000 });
    expect(error.message).toBe(`${name} refused the purge with status 429: slow down`);
  });

  it('shows no token that the CDN repeats, and tells what to check', async () => {
    stub.answer = { status: 403, body: `invalid token ${token}\n for you` };

    const error = await errorOf(make().purge(['a'], signal));

    expect(error.message).toBe(
      `${name} refused the purge with status 403: invalid token *** for you (check the token and its permission to purge)`,
    );
    expect(JSON.stringify({ ...error, cause: error.cause })).not.toContain(token);
  });

  it('does not follow a redirect, which could carry the token away', async () => {
    stub.answer = { status: 307, headers: { Location: `${baseUrl}/elsewhere` }, body: '' };

    expect((await errorOf(make().purge(['a'], signal))).message).toContain('status 307');
    expect(stub.requests).toHaveLength(1);
  });

  it('fails if the CDN is out of reach', async () => {
    const cdn = make();
    await stub.stop();

    const { message } = await errorOf(cdn.purge(['a'], signal));

    expect(message).toMatch(new RegExp(`^${name} did not answer the purge: .*(ECONNREFUSED|closed)`));
  });

  it('ends with its signal', async () => {
    const ended = AbortSignal.abort(new Error('no answer in 5000 ms'));

    const { message } = await errorOf(make().purge(['a'], ended));

    expect(message).toBe(`${name} did not answer the purge: no answer in 5000 ms`);
  });
});

describe('the options of an adapter', () => {
  const problemsOf = (make: () => CdnPurge): string => {
    try {
      make();
    } catch (error) {
      if (error instanceof ValidationError) return error.message;
      throw error;
    }
    return '';
  };

  it('are checked, and no token is shown', () => {
    expect(
      problemsOf(() => cloudflarePurge({ zoneId: '', apiToken: `${token}\n`, baseUrl: 'ftp://x' })),
    ).toBe(
      'cloudflarePurge(): zoneId cannot be empty; apiToken must be printable ASCII without spaces or line breaks; baseUrl must start with https:// or http://, got "ftp://x"',
    );
    expect(
      problemsOf(() =>
        cloudFrontPurge({ distributionId: 'E1', credentials: { ...credentials, accessKeyId: '' } }),
      ),
    ).toBe(
      'cloudFrontPurge(): credentials must be { accessKeyId, secretAccessKey, sessionToken? } or a function that returns them',
    );
    const unnamed: Parameters<typeof fastlyPurge>[0] = JSON.parse('{"apiToken":"t","serviceID":"s"}');
    expect(problemsOf(() => fastlyPurge(unnamed))).toBe(
      "fastlyPurge(): serviceId is required; serviceID is not a known option (did you mean 'serviceId'?)",
    );
    expect(
      problemsOf(() => fastlyPurge({ serviceId: 's', apiToken: 't', baseUrl: `http://a:${token}@b` })),
    ).toBe('fastlyPurge(): baseUrl must not contain credentials, got "http://***@b"');
  });
});
