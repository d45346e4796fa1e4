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

/** Undefined = it is none of HTTP's, or it has no JSON. */
export function storedException(error: unknown): StoredException | undefined {
  if (!(error instanceof HttpException)) return undefined;
  try {
    const text = JSON.stringify(error.getResponse());
    return { kind: 'exception', status: error.getStatus(), name: error.constructor.name, text };
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
