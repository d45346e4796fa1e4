import { edgeFields, type EdgeTagSettings } from '../rules/edge-fields.js';
import { mayReachEdge } from '../rules/edge-sharing.js';
import type { StoringRules } from '../rules/stored-response.js';
import type { Head, HttpExchange } from './http-exchange.js';

/** The token of the {@link EdgeTagSettings} of an application. */
export const edgeTagSettings = Symbol.for('nestjs-cache-infra.edgeTagSettings');

/** A response, and what decides about its edge tags. */
export interface EdgeResponse {
  readonly exchange: HttpExchange;
  readonly rules: StoringRules;
  /** The tags of the entry. Throws if they are unknown. */
  readonly tags: () => readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * Sets the headers with the edge tags of a response that a CDN may store, and returns them by lower-case name.
 * `before`: the headers that were set before the handler ran.
 */
export function addEdgeTags(
  settings: EdgeTagSettings,
  { exchange, rules, tags, now }: EdgeResponse,
  before: Head,
  status = exchange.head().status,
): Record<string, string> {
  if (exchange.hasCookie) return {};
  const { fields } = exchange.head();
  if (!mayReachEdge({ status, fields, before: before.fields }, exchange.headers, rules, now)) return {};
  const added = edgeFields(known(tags), settings, fields);
  for (const [name, value] of Object.entries(added)) exchange.setField(name, value);
  exchange.removeWithCookie(Object.keys(added));
  return added;
}

function known(tags: () => readonly string[]): readonly string[] | undefined {
  try {
    return tags();
  } catch {
    return undefined;
  }
}
