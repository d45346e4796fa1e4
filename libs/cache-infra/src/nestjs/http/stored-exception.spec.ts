import { describe, expect, it } from '@jest/globals';
import { GoneException, HttpException, NotFoundException } from '@nestjs/common';

import { storedException, thrownException } from './stored-exception.js';

class PaymentRequired extends HttpException {
  constructor() {
    super({ pay: true }, 402);
  }
}

/** Named like one of Nest's, and of another status. */
const lookalike = { [NotFoundException.name]: class extends HttpException {} }[NotFoundException.name];

describe('an exception that is stored', () => {
  it.each([
    ["of Nest's own", new NotFoundException('no such thing'), NotFoundException],
    ['with a body of its own', new GoneException({ code: 7 }), GoneException],
    ['of a class of the application', new PaymentRequired(), HttpException],
    ['with a text', new HttpException('a text', 410), HttpException],
    ["named like one of Nest's", new (lookalike as typeof HttpException)({ a: 1 }, 410), HttpException],
  ])('%s comes back with status, body and a class that filters know', (_what, error, type) => {
    const stored = storedException(error);
    const back = stored && thrownException(stored);

    expect(back?.constructor).toBe(type);
    expect([back?.getStatus(), back?.getResponse()]).toEqual([error.getStatus(), error.getResponse()]);
  });

  it('is one of HTTP that has JSON', () => {
    expect(storedException(new Error('no'))).toBeUndefined();
    expect(storedException('no')).toBeUndefined();
    expect(storedException(new HttpException({ count: 1n }, 404))).toBeUndefined();
  });
});
