import type { Answer } from '../answer/answer.js';
import type { CallStatus } from './cache-status.js';
import type { AiCacheControl } from './control.js';
import type { RequestKey } from '../request/request-key.js';
import type { AiOperation } from './operation.js';
import type { AiRequest, AiRequestFields } from '../request/request.js';
import type { AiOutcome } from '../savings/savings.js';

/** A call with its key and validated options. */
export interface Call extends RequestKey {
  readonly operation: string;
  readonly request: AiRequest;
  /** The fields of the request that tags name. A producer may change its request. */
  readonly dimensions: AiRequestFields;
  /** Model name in statistics; `-` when the request has none. */
  readonly model: string;
  /** Tenant name in statistics; `-` when the request has none. */
  readonly tenant: string;
  readonly control: AiCacheControl;
  readonly settings: AiOperation;
  readonly ttl: AiCacheControl['ttl'];
  /** Tags passed by the caller. */
  readonly tags: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
}

/** How a call ended. */
export interface Ended<T> {
  readonly answer: Answer<T>;
  readonly how: CallStatus['outcome'];
}

/** The counter of each outcome. */
export const outcomes: Readonly<Record<CallStatus['outcome'], AiOutcome>> = {
  hit: 'hits',
  collapsed: 'collapsed',
  miss: 'misses',
  refresh: 'misses',
  bypass: 'bypassed',
};
