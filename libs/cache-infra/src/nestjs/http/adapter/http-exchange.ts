import { AsyncResource } from 'node:async_hooks';
import { finished } from 'node:stream';
import type { ServerResponse } from 'node:http';

import type { ExecutionContext } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import { appendHeader, isPatched, isRawResponse } from '../../observe/response-headers.js';
import { departureOf, type Departure } from './departure.js';
import { hasQueuedCookies, replySteps } from './fastify-reply.js';
import type { Fields, FieldValue } from '../rules/header-fields.js';
import type { JsonMethod } from './json-text.js';
import { remembered } from '../rules/memo.js';

/** Requests whose handlers an `HttpCacheInterceptor` has run: a hit never gets so far, and is spared the mark. */
const inHand = new WeakSet<object>();

export function isInHand(request: object): boolean {
  return inHand.has(request);
}

/** What the requests of Express and Fastify have in common. */
interface AdapterRequest {
  readonly method: string;
  readonly headers: Fields;
  /** As far as the application trusts its proxies. */
  readonly protocol?: string;
  /** With the port, where there is one. */
  readonly host?: string;
}

/** What Node's response, Express' and Fastify's reply have in common. */
interface AdapterResponse {
  readonly statusCode: number;
  readonly raw?: unknown;
  getHeaders(): Fields;
  getHeader(name: string): FieldValue | undefined;
  readonly json?: JsonMethod;
  removeHeader(name: string): unknown;
}

/** Status and fields of a response. */
export interface Head {
  readonly status: number;
  readonly fields: Fields;
}

type Adapter = Pick<
  AbstractHttpAdapter,
  'getRequestUrl' | 'getRequestMethod' | 'isHeadersSent' | 'setHeader' | 'status'
>;

/** One request and its response, on Express and on Fastify alike. */
export class HttpExchange {
  readonly #request: AdapterRequest;
  readonly headers: Fields;
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly target: string;
  readonly #adapter: Adapter;
  readonly #response: AdapterResponse;
  #detached = false;

  constructor(context: ExecutionContext, adapter: Adapter) {
    this.#adapter = adapter;
    // What `switchToHttp` gives, which makes an object of functions at each call.
    this.#request = context.getArgByIndex<AdapterRequest>(0);
    this.headers = this.#request.headers;
    this.#response = context.getArgByIndex<AdapterResponse>(1);
    this.method = String(adapter.getRequestMethod?.(this.#request) ?? this.#request.method);
    this.target = String(adapter.getRequestUrl?.(this.#request) ?? '');
  }

  /** With the port, unless it is the scheme's own: a handler that makes links of `Host` makes others for another port. */
  get origin(): string {
    const { protocol = 'http', host = '' } = this.#request;
    if (last.protocol !== protocol || last.host !== host) {
      last = { protocol, host, origin: originOf(`${protocol}://${host}`) };
    }
    return last.origin;
  }

  /** A body of a GET says nothing that caches know of (RFC 9110 §9.3.1), but a handler may read it. */
  get hasBody(): boolean {
    const { headers } = this;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  /** The client has left before its answer was there. */
  get isAbandoned(): boolean {
    const raw = this.#raw() as ServerResponse;
    return !this.#detached && raw.destroyed && !raw.writableEnded;
  }

  /** From now on other interceptors of this kind let the request pass. */
  takeInHand(): void {
    inHand.add(this.#request);
  }

  /** What the response is now. */
  head(): Head {
    return { status: this.#response.statusCode, fields: { ...this.#response.getHeaders() } };
  }

  get isSent(): boolean {
    return !this.#detached && this.#adapter.isHeadersSent(this.#response) === true;
  }

  /** The response has gone, and the handler runs once more for the cache alone. */
  get isDetached(): boolean {
    return this.#detached;
  }

  setStatus(status: number): void {
    if (this.#response.statusCode === status) return;
    this.#adapter.status(this.#response, status);
  }

  setField(name: string, value: FieldValue): void {
    this.#adapter.setHeader(this.#response, name, value as string);
  }

  /** Makes the response what it was: takes back what a handler set before it failed. */
  reset(head: Head): void {
    this.setStatus(head.status);
    for (const name of Object.keys(this.#response.getHeaders())) {
      if (head.fields[name] === undefined) this.#response.removeHeader(name);
    }
    for (const [name, value] of Object.entries(head.fields)) {
      if (value !== undefined && this.#response.getHeaders()[name] !== value) this.setField(name, value);
    }
  }

  /** Marks the response as JSON, so that a text is sent as such; false = it would not be sent as `json` sends the object. */
  sendsTextAs(json: JsonMethod): boolean {
    if (this.#response.json !== json) return false;
    const type = this.#response.getHeader('content-type');
    // Of another type Nest corrects what looks like an error.
    if (type !== undefined) return typeof type === 'string' && type.startsWith('application/json');
    this.setField('Content-Type', 'application/json; charset=utf-8');
    return true;
  }

  /** Whether nothing looks at a value on its way from Nest to the client but `JSON.stringify()`, on Express by way of `json`. */
  sendsPlainJson(json: JsonMethod | undefined): boolean {
    if (this.#hasReply) return replySteps(this.#request, this.#response).isPlainJson;
    return json !== undefined && this.#response.json === json;
  }

  /** On Node's own response, where others add their members as well. */
  addCacheStatus(member: string): void {
    const raw = this.#raw();
    if (isRawResponse(raw) && !raw.headersSent) appendHeader(raw, 'Cache-Status', member);
  }

  /** A cookie is set, or waits until the response is sent. */
  get hasCookie(): boolean {
    return this.#response.getHeaders()['set-cookie'] !== undefined || hasQueuedCookies(this.#response);
  }

  /** Something may set a cookie between now and the moment at which the headers go. */
  get mayGetCookie(): boolean {
    const raw = this.#raw();
    if (!isRawResponse(raw) || isPatched(raw)) return true;
    return this.#hasReply && replySteps(this.#request, this.#response).mayChangeHeaders;
  }

  /** Resolves when the headers have gone, or the client has. */
  departure(): Promise<Departure> {
    return departureOf(this.#raw() as ServerResponse);
  }

  /** Calls back when the response has gone, or its client. */
  whenDone(callback: () => void): void {
    const raw = this.#raw() as ServerResponse;
    // What the request carries with it (its facts, a trace) it has lost by then.
    const bound = AsyncResource.bind(callback);
    finished(raw, { readable: false }, () => {
      setImmediate(bound);
    });
  }

  /**
   * Makes of a response that has gone one that a handler can set a status and headers on once more, which go nowhere.
   */
  detach(head: Head): void {
    this.#detached = true;
    const raw = this.#raw() as object;
    const fields = new Map(Object.entries(head.fields));
    const lower = (name: unknown) => String(name).toLowerCase();
    const shadow: Record<string, unknown> = {
      setHeader: (name: unknown, value: FieldValue) => {
        fields.set(lower(name), value);
        return raw;
      },
      appendHeader: (name: unknown, value: FieldValue) => {
        const before = fields.get(lower(name));
        fields.set(lower(name), before === undefined ? value : [before, value].flat().map(String));
        return raw;
      },
      getHeader: (name: unknown) => fields.get(lower(name)),
      getHeaders: () => Object.fromEntries(fields),
      getHeaderNames: () => [...fields.keys()],
      hasHeader: (name: unknown) => fields.has(lower(name)),
      removeHeader: (name: unknown) => {
        fields.delete(lower(name));
      },
    };
    for (const [name, value] of Object.entries(shadow)) {
      Object.defineProperty(raw, name, { value, configurable: true, writable: true });
    }
    Object.defineProperty(raw, 'headersSent', { get: () => false, configurable: true });
    // Fastify's reply has fields of its own above those of the response.
    if (raw !== this.#response) {
      for (const name of Object.keys(this.#response.getHeaders())) {
        if (!fields.has(name)) this.#response.removeHeader(name);
      }
      for (const [name, value] of fields) if (value !== undefined) this.setField(name, value);
    }
    this.setStatus(head.status);
  }

  /** Fastify's reply stands above Node's response. */
  get #hasReply(): boolean {
    return this.#response.raw !== undefined;
  }

  #raw(): unknown {
    return this.#response.raw ?? this.#response;
  }
}

/** Most applications have one: to compare it takes less than to put it together. */
let last: { protocol?: string; host?: string; origin: string } = { origin: '' };

const originOf = remembered((origin) => {
  const lower = origin.toLowerCase();
  return lower.replace(lower.startsWith('https:') ? /:443$/ : /:80$/, '');
});
