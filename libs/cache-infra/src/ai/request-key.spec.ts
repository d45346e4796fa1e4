import fc from 'fast-check';
import { SerializationError, ValidationError } from '../base/errors.js';
import { ignoredRequestFields, ignoredRequestHeaders } from './ignored-names.js';
import { requestKey, requestParts } from './request-key.js';

const options = { prefix: 'ai', textHashThreshold: 500 };
const keyOf = (operation: string, request: object, threshold = 500): string =>
  requestKey(operation, request, { ...options, textHashThreshold: threshold }).key;

describe('the key of an AI request', () => {
  it('is readable if its texts are short', () => {
    expect(keyOf('sentiment', { model: 'small', text: 'I love it' })).toBe(
      'ai:sentiment:small:{"model":"small","text":"I love it"}',
    );
  });

  it('is a digest if a text is longer than the threshold', () => {
    expect(keyOf('summarize', { model: 'small', text: 'word '.repeat(101) })).toMatch(
      /^ai:summarize:small:sha256:[\w-]{43}$/,
    );
  });

  it.each([
    ['at the threshold', 10, 'x'.repeat(10), true],
    ['above the threshold', 10, 'x'.repeat(11), false],
    ['of nothing at threshold 0', 0, '', true],
    ['of one character at threshold 0', 0, 'x', false],
  ])('a text %s', (_name, threshold, text, readable) => {
    expect(requestKey('op', { text }, { ...options, textHashThreshold: threshold }).readable).toBe(readable);
  });

  it('is a digest if many short texts make the key long', () => {
    const messages = Array.from({ length: 50 }, () => ({ role: 'user', content: 'x'.repeat(100) }));

    expect(requestKey('chat', { messages }, options).readable).toBe(false);
  });

  it('has - in place of a missing model', () => {
    expect(keyOf('op', { text: 'a' })).toBe('ai:op:-:{"text":"a"}');
  });

  it('does not depend on the order of properties, at any depth', () => {
    const one = { model: 'm', options: { a: 1, b: { c: 2, d: 3 } } };
    const other = { options: { b: { d: 3, c: 2 }, a: 1 }, model: 'm' };

    expect(keyOf('op', one)).toBe(keyOf('op', other));
  });

  it('treats undefined as absent, as JSON does', () => {
    expect(keyOf('op', { text: 'a', seed: undefined })).toBe(keyOf('op', { text: 'a' }));
  });

  it.each<[string, [string, object], [string, object]]>([
    ['operations', ['op:a', { model: 'b' }], ['op', { model: 'a:b' }]],
    [
      'a text and its digest',
      ['op', { text: 'x'.repeat(501) }],
      ['op', { text: keyOf('op', { text: 'x'.repeat(501) }) }],
    ],
    ['a number and its text', ['op', { n: 1 }], ['op', { n: '1' }]],
    ['null and nothing', ['op', { a: 1, n: null }], ['op', { a: 1 }]],
    ['models that are not text', ['op', { model: { a: 1 } }], ['op', { model: { a: 2 } }]],
    ['a model that is a dash and none', ['op', { a: 1, model: '-' }], ['op', { a: 1 }]],
    ['long models', ['op', { model: `${'m'.repeat(200)}1` }], ['op', { model: `${'m'.repeat(200)}2` }]],
    ['white space', ['op', { text: 'a b' }], ['op', { text: 'a  b' }]],
    ['letter case', ['op', { text: 'A' }], ['op', { text: 'a' }]],
  ])('keeps %s apart', (_name, one, other) => {
    expect(keyOf(...one)).not.toBe(keyOf(...other));
  });

  it('is the same for equal requests only', () => {
    const request = fc.record({ model: fc.string(), text: fc.string(), n: fc.option(fc.integer()) });
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        request,
        request,
        (opA, opB, a, b) => {
          fc.pre(opA.trim() !== '' && opB.trim() !== '');
          const equal = opA === opB && JSON.stringify(a) === JSON.stringify(b);
          for (const threshold of [0, 3, 500]) {
            expect(keyOf(opA, a, threshold) === keyOf(opB, b, threshold)).toBe(equal);
          }
        },
      ),
    );
  });

  it.each([
    ['', {}],
    ['  ', {}],
    [5, {}],
    ['op', null],
    ['op', 'text'],
    ['op', []],
  ])('refuses operation %j with request %j', (operation, request) => {
    expect(() => requestKey(operation as string, request as object, options)).toThrow(ValidationError);
  });

  it('refuses a value without a canonical form, and names its place', () => {
    expect(() => keyOf('op', { tools: [{ run: () => 1 }] })).toThrow(SerializationError);
    expect(() => keyOf('op', { tools: [{ run: () => 1 }] })).toThrow('tools[0].run');
  });
});

describe('what is not in the key', () => {
  const ignored = { fields: ignoredRequestFields, headers: ignoredRequestHeaders };

  it.each([
    ['apiKey', 'sk-secret'],
    ['api_key', 'sk-secret'],
    ['authorization', 'Bearer secret'],
    ['timeout', 5000],
    ['signal', new AbortController().signal],
    ['maxRetries', 3],
    ['fetch', fetch],
    ['httpAgent', {}],
  ])('%s, if the setting names it', (name, value) => {
    const made = requestKey('op', { text: 'a', [name]: value }, { ...options, ignored });

    expect(made.key).toBe(keyOf('op', { text: 'a' }));
    expect(made.ignored).toEqual([name]);
  });

  it.each([
    ['an object', { Authorization: 'Bearer secret', 'X-Beta': 'on' }],
    [
      'pairs',
      [
        ['x-beta', 'on'],
        ['AUTHORIZATION', 'Bearer other'],
      ],
    ],
    ['Headers', new Headers({ 'x-beta': 'on', authorization: 'Bearer third' })],
  ])(
    'credentials in headers that the setting names, given as %s; the other headers are in',
    (_name, headers) => {
      const made = requestKey('op', { headers }, { ...options, ignored });

      expect(made.canonical).toBe('{"headers":[["x-beta","on"]]}');
      expect(made.ignored).toEqual(['headers.authorization']);
    },
  );

  it('treats a field headers of another type like any other field', () => {
    expect(requestKey('op', { headers: ['a', 'b'] }, options).canonical).toBe('{"headers":["a","b"]}');
    expect(requestKey('op', { headers: null }, options).canonical).toBe('{"headers":null}');
    expect(requestKey('op', { headers: { a: undefined } }, options).canonical).toBe('{"headers":[]}');
  });

  it('is decided at the top level only: a tool may have a parameter called timeout', () => {
    const one = { tools: [{ parameters: { timeout: { type: 'number' } } }] };
    const other = { tools: [{ parameters: { timeout: { type: 'string' } } }] };

    expect(keyOf('op', one)).not.toBe(keyOf('op', other));
  });

  it.each([
    ['a nested credential', { client: { apiKey: 'hidden' } }],
    ['a nested token', { client: { access_token: 'hidden' } }],
    ['a password in a URL', { baseURL: 'https://user:hidden@host/v1' }],
    ['a bearer', { extra: ['Bearer hidden'] }],
  ])('%s is part of the key, but only as a digest', (_name, request) => {
    const made = requestKey('op', request, options);

    expect(made.readable).toBe(false);
    expect(made.key).not.toContain('hidden');
  });

  it('baseURL is part of the key: another server may answer differently', () => {
    expect(keyOf('op', { baseURL: 'http://a/v1' })).not.toBe(keyOf('op', { baseURL: 'http://b/v1' }));
  });
});

describe('the parts of a request', () => {
  it('have their own digests, and their texts if the key is readable', () => {
    const parts = requestParts({ model: 'm', text: 'abc', apiKey: 'sk-secret' }, true, {
      fields: ['apiKey'],
      headers: [],
    });

    expect(parts).toEqual([
      { name: 'model', length: 3, text: '"m"', digest: expect.stringMatching(/^[\w-]{43}$/) },
      { name: 'text', length: 5, text: '"abc"', digest: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
  });

  it('show no text when the key is a digest', () => {
    expect(requestParts({ text: 'abc' }, false)[0]).not.toHaveProperty('text');
  });
});
