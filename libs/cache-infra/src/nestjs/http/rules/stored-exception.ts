import { isDeepStrictEqual } from 'node:util';

import * as common from '@nestjs/common';
import { HttpException } from '@nestjs/common';

/** A handler's exception, in a form that reproduces an equal exception for filters and clients. */
export interface StoredException {
  readonly kind: 'exception';
  readonly status: number;
  /** The name of the exception's class. */
  readonly name: string;
  /** The result of `getResponse()`, as JSON. */
  readonly text: string;
}

/**
 * Undefined if filters could distinguish the exception from the restored one: it is not an HttpException, has a class
 * other than Nest's own, or has a cause, an error code, additional properties or non-JSON content.
 */
export function storedException(error: unknown): StoredException | undefined {
  if (!(error instanceof HttpException)) return undefined;
  try {
    const text = JSON.stringify(error.getResponse());
    const stored: StoredException = {
      kind: 'exception',
      status: error.getStatus(),
      name: error.constructor.name,
      text,
    };
    return isLike(error, thrownException(stored)) ? stored : undefined;
  } catch {
    return undefined;
  }
}

/** Restores one of Nest's own classes, else an HttpException. */
export function thrownException({ status, name, text }: StoredException): HttpException {
  const response = JSON.parse(text) as string | Record<string, unknown>;
  const type: unknown = Reflect.get(common, name);
  if (typeof response === 'object' && typeof type === 'function' && type.prototype instanceof HttpException) {
    const made: unknown = Reflect.construct(type, [response]);
    if (made instanceof HttpException && made.getStatus() === status) return made;
  }
  return new HttpException(response, status);
}

function isLike(error: HttpException, made: HttpException): boolean {
  if (Object.getPrototypeOf(error) !== Object.getPrototypeOf(made)) return false;
  const names = new Set([...Reflect.ownKeys(error), ...Reflect.ownKeys(made)]);
  // The stack, and the options, which the response contains.
  for (const name of ['stack', 'options']) names.delete(name);
  return [...names].every((name) => isDeepStrictEqual(Reflect.get(error, name), Reflect.get(made, name)));
}
