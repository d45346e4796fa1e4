import { Readable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { StreamableFile } from '@nestjs/common';

import { isStreaming, returnedValue, storedBody } from './stored-body.js';

class Account {
  readonly id = 1;
}

describe('the body of a stored response', () => {
  it.each([
    ['nothing', undefined, undefined],
    ['null', null, null],
    ['text', 'x', 'x'],
    ['a number', 0, 0],
    ['false', false, false],
    ['bytes', Buffer.from('x'), Buffer.from('x')],
    ['an object', { a: [1] }, { a: [1] }],
    ['what says its own JSON', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['an object of a class', new Account(), { id: 1 }],
  ])('restores %s', (_what, value, expected) => {
    const body = storedBody(value);

    expect(body && returnedValue(body)).toEqual(expected);
  });

  it('restores an object whose JSON is not an object as an object, since adapters send text as text', () => {
    const returned = [new Date(0), { toJSON: () => null }].map((value) => {
      const body = storedBody(value);
      return body && returnedValue(body);
    });

    expect(returned.map((value) => typeof value)).toEqual(['object', 'object']);
    expect(JSON.stringify(returned)).toBe('["1970-01-01T00:00:00.000Z",null]');
  });

  it('refuses a body without a JSON text', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;

    expect([circular, 1n, () => 1, NaN, Infinity].map(storedBody)).toEqual(Array(5).fill(undefined));
  });

  it.each([
    ['a file', new StreamableFile(Buffer.from('x')), true],
    ['a stream', Readable.from([]), true],
    ['a web stream', new ReadableStream(), true],
    ['a web response', new Response('x'), true],
    ['an async iterable', (async function* () {})(), true],
    ['an object', { pipe: 'no' }, false],
    ['text', 'x', false],
    ['null', null, false],
  ])('%s is sent as it is produced: %#', (_what, value, expected) => {
    expect(isStreaming(value)).toBe(expected);
  });
});
