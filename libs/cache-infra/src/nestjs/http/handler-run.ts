import type { CallHandler } from '@nestjs/common';
import { lastValueFrom } from 'rxjs';

import { fieldTokens } from './header-fields.js';
import type { HttpStore } from './http-caches.js';
import { httpDate } from './http-date.js';
import type { Head, HttpExchange } from './http-exchange.js';
import { holdsInstances, isStreaming, storedBody, type StoredBody } from './stored-body.js';
import { storedException } from './stored-exception.js';
import { toStore, type StoredResponse, type StoringRules } from './stored-response.js';
import { strongEtag } from './validators.js';
import { merged } from './vary.js';

/** What it takes to run a handler. */
export interface RunParts {
  readonly exchange: HttpExchange;
  readonly next: CallHandler;
  readonly store: HttpStore;
  readonly rules: StoringRules;
  /** An interceptor outside of this one needs the objects that the handler returned. */
  readonly needsInstances: boolean;
}

/** What a handler's run came to. */
export interface Outcome {
  readonly value: unknown;
  /** The handler threw this instead, and it may be stored. */
  readonly thrown?: { readonly error: unknown } | undefined;
  readonly status: number;
  /** Undefined = the value is none that could be compared or stored. */
  readonly head?: Head | undefined;
  readonly stored?: StoredResponse | undefined;
  /** Why it is not stored. */
  readonly detail?: string | undefined;
}

/** Runs the handler and the interceptors inside of this one; gives the response its `ETag`, `Date` and `Vary`. */
export async function runHandler(parts: RunParts, before: Head): Promise<Outcome> {
  const { next, exchange, needsInstances } = parts;
  let value: unknown;
  exchange.takeInHand();
  try {
    value = await lastValueFrom(next.handle(), { defaultValue: undefined });
  } catch (error) {
    return thrownOutcome(parts, before, error);
  }
  const { status } = exchange.head();
  if (isStreaming(value)) return { value, status, detail: 'stream' };
  if (exchange.isSent) return { value, status, detail: 'sent' };
  if (needsInstances && holdsInstances(value)) return { value, status, detail: 'class-instances' };
  const body = storedBody(value);
  if (body === undefined) return { value, status, detail: 'no-json' };
  return { value, ...complete(parts, before, status, body) };
}

/** An exception is an answer like others where the route says so. */
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
  const { fields } = exchange.head();
  const answer = { status, fields, before: before.fields, body };
  const stored = toStore(answer, exchange.headers, rules, now);
  const isStored = typeof stored === 'object';
  if (!isStored && !rules.decorated) return { status, detail: stored };

  const added: Record<string, string> = {};
  if (fields['date'] === undefined) added['date'] = httpDate(now);
  if (fields['etag'] === undefined && status === 200) added['etag'] = strongEtag(body, fields);
  for (const [name, field] of Object.entries(added)) exchange.setField(name, field);
  const head = { status, fields: { ...fields, ...added } };
  if (!isStored) return { status, head, detail: stored };
  return { status, head, stored: { ...stored, fields: { ...stored.fields, ...added } } };
}
