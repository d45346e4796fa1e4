import { isDeepStrictEqual } from 'node:util';

import * as common from '@nestjs/common';
import { HttpException } from '@nestjs/common';

/** An exception of a handler, in a form that gives back one that filters and clients take for it. */
export interface StoredException {
  readonly kind: 'exception';
  readonly status: number;
  /** Of its class. */
  readonly name: string;
  /** What `getResponse()` gives, as JSON. */
  readonly text: string;
}

/**
 * Undefined = filters could tell the exception from the one that would come back: it is none of HTTP's, of a class other than Nest's
 * own, or it carries a cause, an error code, a property of its own or something that is no JSON.
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

/** Of the same class, if it is one of Nest's own; else an HttpException. */
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
  // Where it was thrown, and how it was put together, which its response tells.
  for (const name of ['stack', 'options']) names.delete(name);
  return [...names].every((name) => isDeepStrictEqual(Reflect.get(error, name), Reflect.get(made, name)));
}
