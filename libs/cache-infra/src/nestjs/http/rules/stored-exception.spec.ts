import { describe, expect, it } from '@jest/globals';
import { BadRequestException, GoneException, HttpException, NotFoundException } from '@nestjs/common';

import { storedException, thrownException } from './stored-exception.js';

class PaymentRequired extends HttpException {
  constructor() {
    super({ pay: true }, 402);
  }
}

/** Named like one of Nest's, and of another status. */
const lookalike = { [NotFoundException.name]: class extends HttpException {} }[NotFoundException.name];

class CodedNotFound extends NotFoundException {
  readonly code = 'PRODUCT_NOT_FOUND';
}

describe('an exception that is stored', () => {
  it.each([
    ["of Nest's own", new NotFoundException('no such thing'), NotFoundException],
    ['with a body of its own', new GoneException({ code: 7 }), GoneException],
    ['with a list of messages', new BadRequestException(['a', 'b'], 'what it is'), BadRequestException],
    ['with a text', new HttpException('a text', 410), HttpException],
  ])('%s is restored with its status, body and a class that filters know', (_what, error, type) => {
    const stored = storedException(error);
    const back = stored && thrownException(stored);

    expect(back?.constructor).toBe(type);
    expect([back?.getStatus(), back?.getResponse()]).toEqual([error.getStatus(), error.getResponse()]);
    expect([back?.name, back?.message]).toEqual([error.name, error.message]);
  });

  it('must be an HTTP exception with a JSON body', () => {
    expect(storedException(new Error('no'))).toBeUndefined();
    expect(storedException('no')).toBeUndefined();
    expect(storedException(new HttpException({ count: 1n }, 404))).toBeUndefined();
  });

  it.each([
    ['of a class of the application', new PaymentRequired()],
    ["of a class derived from Nest's", new CodedNotFound()],
    ["named like one of Nest's", new (lookalike as typeof HttpException)({ a: 1 }, 410)],
    ['with a property of its own', Object.assign(new NotFoundException(), { code: 7 })],
    ['with another message', Object.assign(new NotFoundException(), { message: 'another' })],
    ['with a cause', new NotFoundException('x', { cause: new Error('why') })],
    ['with an error code', new NotFoundException('x', { errorCode: 'E7' })],
    ['with a date in its body', new NotFoundException({ at: new Date(0) })],
    ['with an object of a class in its body', new NotFoundException({ errors: [new PaymentRequired()] })],
  ])('T5: is not stored %s, since a filter could distinguish the restored one', (_what, error) => {
    expect(storedException(error)).toBeUndefined();
  });
});
