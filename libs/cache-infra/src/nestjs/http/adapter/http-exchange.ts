import { AsyncResource } from 'node:async_hooks';
import { finished } from 'node:stream';
import type { ServerResponse } from 'node:http';

import type { ExecutionContext } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';

import { appendHeader, isPatched, isRawResponse } from '../../observe/response-headers.js';
import { sentHeadersOf, type SentHeaders } from './sent-headers.js';
import { removeWithCookie } from './late-cookies.js';
import { hasQueuedCookies, replySteps } from './fastify-reply.js';
import type { Fields, FieldValue } from '../rules/header-fields.js';
import type { JsonMethod } from './json-text.js';
import { remembered } from '../rules/memo.js';

/** Requests that an `HttpCacheInterceptor` already handles. A hit returns before it is added here. */
const handled = new WeakSet<object>();

export function isHandled(request: object): boolean {
  return handled.has(request);
}

/** The common part of the requests of Express and Fastify. */
interface AdapterRequest {
  readonly method: string;
  readonly headers: Fields;
  /** The scheme, from proxies that the application trusts. */
  readonly protocol?: string;
  /** The host, with the port if the request has one. */
  readonly host?: string;
}

/** The common part of the responses of Node and Express and the reply of Fastify. */
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

/** One request and its response, for Express and Fastify alike. */
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
    // Equals `switchToHttp().getRequest()`, which allocates an object of functions per call.
    this.#request = context.getArgByIndex<AdapterRequest>(0);
    this.headers = this.#request.headers;
    this.#response = context.getArgByIndex<AdapterResponse>(1);
    this.method = String(adapter.getRequestMethod?.(this.#request) ?? this.#request.method);
    this.target = String(adapter.getRequestUrl?.(this.#request) ?? '');
  }

  /** Scheme and host, with the port unless it is the default: handlers may build links from `Host`. */
  get origin(): string {
    const { protocol = 'http', host = '' } = this.#request;
    if (last.protocol !== protocol || last.host !== host) {
      last = { protocol, host, origin: originOf(`${protocol}://${host}`) };
    }
    return last.origin;
  }

  /** The body of a GET has no meaning to caches (RFC 9110 §9.3.1), but a handler may read it. */
  get hasBody(): boolean {
    const { headers } = this;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  /** True if the client disconnected before the response was complete. */
  get isAbandoned(): boolean {
    const raw = this.#raw() as ServerResponse;
    return !this.#detached && raw.destroyed && !raw.writableEnded;
  }

  /** Marks the request as handled: further `HttpCacheInterceptor`s ignore it. */
  markHandled(): void {
    handled.add(this.#request);
  }

  /** The current status and headers of the response. */
  head(): Head {
    return { status: this.#response.statusCode, fields: { ...this.#response.getHeaders() } };
  }

  get isSent(): boolean {
    return !this.#detached && this.#adapter.isHeadersSent(this.#response) === true;
  }

  /** True while the handler runs in the background, after the response was sent. */
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

  /** Restores status and headers, removing those that a failed handler set. */
  reset(head: Head): void {
    this.setStatus(head.status);
    for (const name of Object.keys(this.#response.getHeaders())) {
      if (head.fields[name] === undefined) this.#response.removeHeader(name);
    }
    for (const [name, value] of Object.entries(head.fields)) {
      if (value !== undefined && this.#response.getHeaders()[name] !== value) this.setField(name, value);
    }
  }

  /**
   * Marks the response as JSON, so that a text is sent as JSON. False if the text would be sent differently from the
   * object by `json`.
   */
  sendsTextAs(json: JsonMethod): boolean {
    if (this.#response.json !== json) return false;
    const type = this.#response.getHeader('content-type');
    // With another content type, Nest sends a body that looks like an error as JSON.
    if (type !== undefined) return typeof type === 'string' && type.startsWith('application/json');
    this.setField('Content-Type', 'application/json; charset=utf-8');
    return true;
  }

  /** True if only `JSON.stringify()` processes a value between Nest and the client; on Express through `json`. */
  sendsPlainJson(json: JsonMethod | undefined): boolean {
    if (this.#hasReply) return replySteps(this.#request, this.#response).isPlainJson;
    return json !== undefined && this.#response.json === json;
  }

  /** Appends to Node's response, where other interceptors append their members too. */
  addCacheStatus(member: string): void {
    const raw = this.#raw();
    if (isRawResponse(raw) && !raw.headersSent) appendHeader(raw, 'Cache-Status', member);
  }

  /** True if a cookie is set, or queued until the response is sent. */
  get hasCookie(): boolean {
    return this.#response.getHeaders()['set-cookie'] !== undefined || hasQueuedCookies(this.#response);
  }

  /** True if other code may set a cookie before the headers are sent. */
  get mayGetCookie(): boolean {
    const raw = this.#raw();
    if (!isRawResponse(raw) || isPatched(raw)) return true;
    return this.#hasReply && replySteps(this.#request, this.#response).mayChangeHeaders;
  }

  /** Removes these headers, by lower-case names, if a cookie is set before the headers are sent. */
  removeWithCookie(names: readonly string[]): void {
    const raw = this.#raw();
    if (!this.#detached && isRawResponse(raw)) removeWithCookie(raw as ServerResponse, names);
  }

  /** Resolves when the headers are sent, or the client disconnects. */
  sentHeaders(): Promise<SentHeaders> {
    return sentHeadersOf(this.#raw() as ServerResponse);
  }

  /** Calls back after the response is finished or its client has disconnected. */
  whenDone(callback: () => void): void {
    const raw = this.#raw() as ServerResponse;
    // The request's async context (facts, a trace) would be lost by then.
    const bound = AsyncResource.bind(callback);
    finished(raw, { readable: false }, () => {
      setImmediate(bound);
    });
  }

  /**
   * Replaces the header functions of a sent response, so that the handler can set status and headers again without
   * effect.
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
    // Fastify's reply has its own headers, in addition to those of the response.
    if (raw !== this.#response) {
      for (const name of Object.keys(this.#response.getHeaders())) {
        if (!fields.has(name)) this.#response.removeHeader(name);
      }
      for (const [name, value] of fields) if (value !== undefined) this.setField(name, value);
    }
    this.setStatus(head.status);
  }

  /** True for Fastify, whose reply wraps Node's response. */
  get #hasReply(): boolean {
    return this.#response.raw !== undefined;
  }

  #raw(): unknown {
    return this.#response.raw ?? this.#response;
  }
}

/** Most applications have one origin: comparing two strings is cheaper than building one. */
let last: { protocol?: string; host?: string; origin: string } = { origin: '' };

const originOf = remembered((origin) => {
  const lower = origin.toLowerCase();
  return lower.replace(lower.startsWith('https:') ? /:443$/ : /:80$/, '');
});
