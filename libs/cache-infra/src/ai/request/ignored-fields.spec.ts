import http from 'node:http';
import { SerializationError, ValidationError } from '../../base/errors.js';
import { significantFields } from './ignored-fields.js';
import { ignoredNames } from './ignored-names.js';
import { requestKey } from './request-key.js';

const options = { prefix: 'ai', textHashThreshold: 500 };
const keyOf = (request: object): string => requestKey('ask', request, options).key;

describe('A3: no name makes a field transport', () => {
  it.each<[string, unknown, unknown]>([
    ['agent', 'hr', 'public'],
    ['agent', { name: 'hr' }, { name: 'public' }],
    ['agent', [1], [2]],
    ['authorization', { scopes: ['hr'] }, { scopes: [] }],
    ['authorization', 'Bearer ann', 'Bearer bob'],
    ['apiKey', 'ann', 'bob'],
    ['timeout', 5, 10],
    ['retry', true, false],
    ['signal', 'buy', 'sell'],
    ['fetch', 'news', 'mail'],
    ['headers', { cookie: 'ann' }, { cookie: 'bob' }],
    ['headers', { 'User-Agent': 'Firefox' }, { 'User-Agent': 'Chrome' }],
    ['headers', new Headers({ authorization: 'ann' }), new Headers({ authorization: 'bob' })],
  ])('A3: requests that differ in %s have keys of their own', (name, one, other) => {
    expect(keyOf({ q: 1, [name]: one })).not.toBe(keyOf({ q: 1, [name]: other }));
  });

  it('A3: an instance of a class is no agent', () => {
    class Persona {
      constructor(readonly name: string) {}
    }
    class Hidden {
      readonly #name: string;
      constructor(name: string) {
        this.#name = name;
      }
      greet(): string {
        return this.#name;
      }
    }
    expect(keyOf({ q: 1, agent: new Persona('hr') })).not.toBe(keyOf({ q: 1, agent: new Persona('public') }));
    expect(() => keyOf({ q: 1, agent: new Hidden('hr') })).toThrow(SerializationError);
  });

  it.each<[string, unknown]>([
    ['signal', new AbortController().signal],
    ['abortSignal', new AbortController().signal],
    ['fetch', fetch],
    ['agent', () => undefined],
    ['httpsAgent', http.globalAgent],
    ['dispatcher', { dispatch: () => true }],
  ])('A3: %s is left out if its value is a transport object', (name, value) => {
    expect(significantFields({ q: 1, [name]: value })).toEqual({ fields: { q: 1 }, ignored: [name] });
  });
});

describe('A4: a request says something', () => {
  it.each<[string, object]>([
    ['no field', {}],
    ['undefined fields only', { q: undefined }],
    ['a transport object only', { signal: new AbortController().signal }],
  ])('A4: with %s it is refused', (_name, request) => {
    expect(() => keyOf(request)).toThrow(ValidationError);
    expect(() => keyOf(request)).toThrow('request must have at least one field that is in the key');
  });

  it('A4: with a field under a symbol it is refused, not shortened', () => {
    expect(() => keyOf({ q: 1, [Symbol('tenant')]: 'a' })).toThrow(SerializationError);
  });

  it('A4: headers in a class that hides them are refused, not taken for none', () => {
    class Hidden {
      readonly #pairs: string[];
      constructor(...pairs: string[]) {
        this.#pairs = pairs;
      }
      list(): readonly string[] {
        return this.#pairs;
      }
    }
    expect(() => keyOf({ q: 1, headers: new Hidden('a') })).toThrow(SerializationError);
    expect(() => keyOf({ q: 1, headers: { [Symbol('a')]: 'a' } })).toThrow(SerializationError);
  });

  it('A4: headers given as lists of three keep the third', () => {
    expect(keyOf({ headers: [['a', 'b', 'c']] })).not.toBe(keyOf({ headers: [['a', 'b', 'd']] }));
  });

  it('A4: headers in a Map count', () => {
    expect(keyOf({ headers: new Map([['A', '1']]) })).toBe(keyOf({ headers: { a: '1' } }));
  });
});

describe('A5: fields that change nothing about the answer', () => {
  it.each(['prompt_cache_key', 'stream', 'stream_options', 'service_tier'])(
    'A5: the list for OpenAI leaves out %s',
    (name) => {
      const request = { model: 'm', [name]: 'x', user: 'ann', metadata: { a: 1 } };

      expect(significantFields(request, ignoredNames.openai)).toEqual({
        fields: { model: 'm', user: 'ann', metadata: { a: 1 } },
        ignored: [name],
      });
    },
  );

  it('A5: the list for the AI SDK leaves out promptCacheKey', () => {
    expect(significantFields({ q: 1, promptCacheKey: 's' }, ignoredNames.aiSdk).ignored).toEqual([
      'promptCacheKey',
    ]);
  });
});
