import fc from 'fast-check';
import { SerializationError, ValidationError } from '../../base/errors.js';
import { canonicalJson } from '../../keys/canonical-json.js';
import { ignoredRequestFields, ignoredRequestHeaders } from './ignored-names.js';
import { requestKey, requestParts } from './request-key.js';

const options = { prefix: 'ai', textHashThreshold: 500 };
const keyOf = (operation: string, request: object, threshold = 500): string =>
  requestKey(operation, request, { ...options, textHashThreshold: threshold }).key;

describe('the key of an AI request', () => {
  it('is readable if it holds the model, numbers and booleans only', () => {
    expect(keyOf('digits', { model: 'small', temperature: 0, strict: true, seed: null })).toBe(
      'ai:digits:small:{"model":"small","seed":null,"strict":true,"temperature":0}',
    );
  });

  it('is a digest if it holds another text', () => {
    expect(keyOf('summarize', { model: 'small', text: 'word' })).toMatch(
      /^ai:summarize:small:sha256:[\w-]{43}$/,
    );
  });

  it.each([
    ['at the threshold', 10, 'x'.repeat(10), true],
    ['above the threshold', 10, 'x'.repeat(11), false],
    ['of one character at threshold 0', 0, 'x', false],
  ])('a model %s', (_name, threshold, model, readable) => {
    expect(requestKey('op', { model }, { ...options, textHashThreshold: threshold }).readable).toBe(readable);
  });

  it('is a digest if many numbers make the key long', () => {
    const numbers = Array.from({ length: 500 }, (_, i) => [`n${i}`, i] as const);

    expect(requestKey('chat', Object.fromEntries(numbers), options).readable).toBe(false);
  });

  it('has - in place of a missing model', () => {
    expect(keyOf('op', { n: 1 })).toBe('ai:op:-:{"n":1}');
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

describe('A17: the key of a large request', () => {
  const long = 'word '.repeat(1000);

  it('A17: holds a digest in place of a long text, in whatever part of the request', () => {
    const made = requestKey('op', { model: 'm', messages: [{ role: 'user', content: long }] }, options);

    expect(made.canonical).toMatch(
      /^{"messages":\[{"content":!sha256\("[\w-]{43}",5000\),"role":"user"}\],"model":"m"}$/,
    );
    expect(made.length).toBeGreaterThan(5000);
  });

  it.each([
    ['the digest of its text', 'op', { text: keyTextOf(long) }],
    ['the text with one other character', 'op', { text: `${long.slice(0, -1)}.` }],
    ['the text with one more', 'op', { text: `${long}.` }],
    ['the text in a list', 'op', { text: [long] }],
  ])('A17: is not that of a request with %s', (_name, operation, request) => {
    expect(keyOf(operation, request)).not.toBe(keyOf('op', { text: long }));
  });

  it('A17: is equal where the plain canonical form is, and only there', () => {
    const text = fc.constantFrom(
      '',
      'a',
      'a'.repeat(1023),
      'a'.repeat(1024),
      'b'.repeat(1024),
      keyTextOf(long),
    );
    const message = fc.record({ role: fc.constantFrom('user', 'system'), content: text });
    const request = fc.record(
      { model: fc.constantFrom('m', 'n'), messages: fc.array(message, { maxLength: 2 }), prompt: text },
      { requiredKeys: ['model'] },
    );
    fc.assert(
      fc.property(request, request, (a, b) => {
        const isEqual =
          canonicalJson(a, { omitUndefined: true }) === canonicalJson(b, { omitUndefined: true });
        expect(keyOf('op', a) === keyOf('op', b)).toBe(isEqual);
      }),
      { numRuns: 300 },
    );
  });

  it('A17: does not depend on whether its tools are frozen, and follows tools that change', () => {
    const tools = (): { name: string; tags: string[] }[] =>
      Array.from({ length: 20 }, (_, i) => ({ name: `tool ${i}`, tags: ['a'] }));
    const key = keyOf('op', { tools: tools() });
    const frozen = Object.freeze(tools().map((it) => Object.freeze({ ...it, tags: Object.freeze(it.tags) })));
    const changing = Object.freeze(tools());

    expect([1, 2].map(() => keyOf('op', { tools: frozen }))).toEqual([key, key]);
    expect([1, 2].map(() => keyOf('op', { tools: changing }))).toEqual([key, key]);
    changing[19]?.tags.push('b');
    expect(keyOf('op', { tools: changing })).not.toBe(key);
  });
});

/** The canonical form of a long text, to put it where a text stands. */
function keyTextOf(text: string): string {
  const { canonical } = requestKey('op', { text }, options);
  return canonical.slice('{"text":'.length, -1);
}

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

  it.each<[string, object]>([
    ['token', { token: 'hidden' }],
    ['pat', { pat: 'hidden' }],
    ['auth', { auth: 'hidden' }],
    ['key', { key: 'hidden' }],
    ['private_key', { private_key: 'hidden' }],
    ['accessKeyId', { accessKeyId: 'hidden' }],
    ['x-subscription-token', { headers: { 'x-subscription-token': 'hidden' } }],
    ['x-amz-security-token', { headers: { 'x-amz-security-token': 'hidden' } }],
    ['a credential in an object', { client: { apiKey: 'hidden' } }],
    ['a credential as a name', { [`sk-hidden`]: true }],
    ['a password in a URL', { baseURL: 'https://user:hidden@host/v1' }],
    ['a password in the URL of a model', { model: 'https://user:hidden@host/v1' }],
    ['a model in an object', { model: { name: 'hidden' } }],
    ['a list of texts', { extra: ['Bearer hidden'] }],
    ['a prompt', { model: 'm', prompt: 'hidden' }],
  ])('A8: %s is part of the key, but only as a digest', (_name, request) => {
    const made = requestKey('op', { n: 1, ...request }, options);

    expect(made.key).toMatch(/^ai:op:[^{]*:sha256:[\w-]{43}$/);
    expect(made.key).not.toContain('hidden');
    expect(made.canonical).toContain('hidden');
    expect(
      JSON.stringify(requestParts(request, options).filter(({ text }) => text !== undefined)),
    ).not.toContain('hidden');
  });

  it('A8: different models whose names are not shown have different keys', () => {
    expect(keyOf('op', { model: 'https://a/1' })).not.toBe(keyOf('op', { model: 'https://a/2' }));
  });

  it('baseURL is part of the key: another server may answer differently', () => {
    expect(keyOf('op', { baseURL: 'http://a/v1' })).not.toBe(keyOf('op', { baseURL: 'http://b/v1' }));
  });
});

describe('the parts of a request', () => {
  it('have their own digests, and the model, numbers and booleans their texts', () => {
    const ignored = { fields: ['apiKey'], headers: [] };
    const parts = requestParts(
      { model: 'm', text: 'abc', n: 5, apiKey: 'sk-secret' },
      { ...options, ignored },
    );

    expect(parts).toEqual([
      { name: 'model', length: 3, text: '"m"', digest: expect.stringMatching(/^[\w-]{43}$/) },
      { name: 'text', length: 5, digest: expect.stringMatching(/^[\w-]{43}$/) },
      { name: 'n', length: 1, text: '5', digest: expect.stringMatching(/^[\w-]{43}$/) },
    ]);
  });
});
