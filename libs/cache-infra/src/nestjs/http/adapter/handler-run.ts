import type { CallHandler } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';

import { fieldTokens } from '../rules/header-fields.js';
import { addEdgeTags } from './edge-tagging.js';
import type { HttpCaches } from './http-caches.js';
import { httpDate } from '../rules/http-date.js';
import type { HttpStore } from '../rules/http-store.js';
import type { Head, HttpExchange } from './http-exchange.js';
import type { HttpRoute, Surroundings } from './http-route.js';
import type { JsonMethod } from './json-text.js';
import { keptBody, type Recipient } from './kept-body.js';
import { isStreaming, type StoredBody } from '../rules/stored-body.js';
import { storedException } from '../rules/stored-exception.js';
import { toStore, type StoredResponse, type StoringRules } from '../rules/stored-response.js';
import { strongEtag } from '../rules/validators.js';
import { merged } from '../rules/vary.js';

/**
 * The interceptors and the adapter around this cache on a route. `isOutermost` is false also for a subclass of the
 * interceptor, which may read values or set headers.
 */
export interface Around extends Surroundings {
  /** The `res.json()` that ignores classes; undefined if there is none. */
  readonly json: JsonMethod | undefined;
}

/** The collaborators of a handler run. */
export interface RunParts {
  readonly exchange: HttpExchange;
  readonly next: CallHandler;
  readonly store: HttpStore;
  readonly rules: StoringRules;
  readonly caches: Pick<HttpCaches, 'losesClass' | 'edgeTags'>;
  readonly route: HttpRoute;
  readonly around: Around;
  /** The tags of the entry. Throws if they are unknown. */
  readonly tags: () => readonly string[];
}

/** The outcome of a handler run. */
export interface Outcome {
  readonly value: unknown;
  /** The error that the handler threw, if it may be stored. */
  readonly thrown?: { readonly error: unknown } | undefined;
  readonly status: number;
  /** Undefined if the value cannot be compared or stored. */
  readonly head?: Head | undefined;
  readonly stored?: StoredResponse | undefined;
  /** Why the response is not stored. */
  readonly detail?: string | undefined;
}

/** Runs the handler and the inner interceptors, and adds `ETag`, `Date`, `Vary` and edge tags to the response. */
export async function runHandler(parts: RunParts, before: Head): Promise<Outcome> {
  const { next, exchange, around, route, caches } = parts;
  let value: unknown;
  exchange.markHandled();
  try {
    value = await lastValueFrom(next.handle(), { defaultValue: undefined });
  } catch (error) {
    return thrownOutcome(parts, before, error);
  }
  const { status } = exchange.head();
  if (exchange.isSent) return { value, status, detail: isStreaming(value) ? 'stream' : 'sent' };
  if (isStreaming(value)) {
    edgeTags(parts, before, status);
    return { value, status, detail: 'stream' };
  }
  const kept = keptBody(value, recipientOf(around, exchange), route.options.plain === true);
  if ('body' in kept) return { value, ...complete(parts, before, status, kept.body) };
  edgeTags(parts, before, status);
  if (kept.refusal === 'no-json') return { value, status, detail: kept.refusal };
  const refusal = headRefusal(parts, before, status);
  if (refusal === undefined) caches.losesClass(route, kept.className, around);
  return { value, status, detail: refusal ?? kept.refusal };
}

/** Why a response is not stored, independent of its body. */
function headRefusal({ exchange, rules, store }: RunParts, before: Head, status: number): string | undefined {
  if (exchange.hasCookie) return 'set-cookie';
  const answer = { ...exchange.head(), status, before: before.fields, body: { kind: 'empty' } as const };
  const stored = toStore(answer, exchange.headers, rules, store.clock.now());
  return typeof stored === 'object' ? undefined : stored;
}

function recipientOf({ serializes, isOutermost, json }: Around, exchange: HttpExchange): Recipient {
  if (serializes) return 'serializer';
  return isOutermost && exchange.sendsPlainJson(json) ? 'client' : 'code';
}

/** Stores an exception like a response, where the route's `statuses` allow it. */
function thrownOutcome(parts: RunParts, before: Head, error: unknown): Outcome {
  const body = storedException(error);
  if (body === undefined || !parts.rules.statuses.includes(body.status) || parts.exchange.isSent) throw error;
  return { value: undefined, thrown: { error }, ...complete(parts, before, body.status, body) };
}

type Completed = Omit<Outcome, 'value' | 'thrown'>;

function complete(parts: RunParts, before: Head, status: number, body: StoredBody): Completed {
  const { exchange, store, rules } = parts;
  if (rules.vary.length > 0) {
    const names = merged(fieldTokens(exchange.head().fields, 'vary'), rules.vary);
    exchange.setField('Vary', names.join(', '));
  }
  const now = store.clock.now();
  const ofEdge = edgeTags(parts, before, status);
  const { fields } = exchange.head();
  const answer = { status, fields, before: before.fields, body };
  const stored = exchange.hasCookie ? 'set-cookie' : toStore(answer, exchange.headers, rules, now);
  const isStored = typeof stored === 'object';
  if (!isStored && !rules.decorated) return { status, detail: stored };

  const added: Record<string, string> = {};
  if (fields['date'] === undefined) added['date'] = httpDate(now);
  if (fields['etag'] === undefined && status === 200) added['etag'] = strongEtag(body, fields);
  for (const [name, field] of Object.entries(added)) exchange.setField(name, field);
  const head = { status, fields: { ...fields, ...added } };
  if (!isStored) return { status, head, detail: stored };
  return { status, head, stored: { ...stored, fields: { ...stored.fields, ...ofEdge, ...added } } };
}

/** Sets the headers for a CDN where the application and the route have them, and returns them. */
function edgeTags(parts: RunParts, before: Head, status: number): Record<string, string> {
  const { caches, route, store } = parts;
  if (caches.edgeTags === undefined || route.options.edgeTags === false) return {};
  return addEdgeTags(caches.edgeTags, { ...parts, now: store.clock.now() }, before, status);
}
