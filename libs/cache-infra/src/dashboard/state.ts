import type { FleetSummary, InstanceSummary } from '../fleet/summary.js';

/** What the page may do, decided by the server when the page is opened. */
export interface DashboardRights {
  readonly readOnly: boolean;
  readonly showsValues: boolean;
}

/** An instance in the list of the page. */
export type InstanceLine = Pick<InstanceSummary, 'id' | 'name' | 'startedAt' | 'at' | 'node' | 'release'> & {
  readonly rssBytes: number;
  readonly status: 'up' | 'degraded' | 'down';
};

/** Everything the page shows: `GET api/state`, and each message of `GET api/events`. */
export interface DashboardState {
  readonly at: number;
  /** `application`: served by one of the instances. `redis`: read from what they publish. */
  readonly source: 'application' | 'redis';
  readonly rights: DashboardRights;
  readonly instances: readonly InstanceLine[];
  /** The id of the shown instance; null = the sum of all of them. */
  readonly shown: string | null;
  readonly summary: FleetSummary['total'];
}

/** `GET api/key?cache=&key=&namespace=…`: what the tiers hold under one key. */
export interface KeyState {
  readonly cache: string;
  readonly namespaces: readonly string[];
  readonly key: string;
  /**
   * In the L1 of the serving instance; null = there is no such L1 to look into. `held`: the L1 has an entry.
   * `ttlSeconds`: null = never expires, or not fresh.
   */
  readonly l1: {
    readonly held: boolean;
    readonly fresh: boolean;
    readonly ttlSeconds: number | null;
  } | null;
  /** In Redis; null = the cache has no Redis. */
  readonly l2:
    | { readonly kind: 'absent' }
    | { readonly kind: 'unreadable'; readonly bytes: number; readonly reason: string }
    | {
        readonly kind: 'entry';
        readonly bytes: number;
        readonly state: 'fresh' | 'stale' | 'expired' | 'invalidated';
        /** Seconds; null = never expires, or not in that state. */
        readonly ttlSeconds: number | null;
        readonly graceSeconds: number | null;
        readonly tags: readonly string[];
        readonly storedAt: number;
        /** For example `JSON, deflate, encrypted`. */
        readonly format: string;
        readonly version: string;
      }
    | null;
  /** The value as text, cut at 10,000 characters; null = absent, or not to be shown. */
  readonly value: string | null;
}

/** What can be invalidated. */
export type DashboardTarget =
  | {
      readonly kind: 'key';
      readonly cache: string;
      readonly namespaces?: readonly string[];
      readonly key: string;
    }
  | {
      readonly kind: 'tag';
      readonly cache: string;
      readonly namespaces?: readonly string[];
      readonly tag: string;
    }
  | {
      readonly kind: 'group';
      readonly cache: string;
      readonly namespaces?: readonly string[];
      readonly group: string;
    }
  | {
      readonly kind: 'pattern';
      readonly cache: string;
      readonly namespaces?: readonly string[];
      readonly pattern: string;
    };

/** Answer of `POST api/preview` (body: a target): how many entries an invalidation would remove. */
export interface DashboardPreview {
  /** null = not known without a scan (tags). */
  readonly count: number | null;
  /** False: the count stopped at its limit, there are more. */
  readonly isComplete: boolean;
  /** The first keys, at most 10. */
  readonly examples: readonly string[];
}

/** Answer of `POST api/invalidate` (body: a target). */
export interface DashboardOutcome {
  /** null = not known (tags). */
  readonly removed: number | null;
}

/** Answer of every refused or failed request: status 400, 401, 403, 404, 405, 409, 413, 415, 500 or 503. */
export interface DashboardError {
  readonly error: string;
}
