import { describe, expect, it } from '@jest/globals';

import { signedHeaders } from './signature-v4.js';

/** The cases get-vanilla and post-vanilla of the test suite that AWS publishes. */
const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const scope = { region: 'us-east-1', service: 'service', now: Date.UTC(2015, 7, 30, 12, 36) };
const url = new URL('https://example.amazonaws.com/');

describe('signedHeaders', () => {
  it.each([
    ['GET', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ])('signs %s as the published test suite does', (method, signature) => {
    const headers = signedHeaders({ method, url, headers: {}, body: '' }, credentials, scope);

    expect(headers).toEqual({
      'x-amz-date': '20150830T123600Z',
      authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    });
  });

  it('signs the session token of temporary credentials, too', () => {
    const sessionToken = 'token';

    const headers = signedHeaders(
      { method: 'POST', url, headers: { 'content-type': 'application/xml' }, body: '<x/>' },
      { ...credentials, sessionToken },
      scope,
    );

    expect(headers).toMatchObject({ 'x-amz-security-token': 'token' });
    expect(headers['authorization']).toContain(
      'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token',
    );
  });
});
