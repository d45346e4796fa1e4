import type {
  DashboardOutcome,
  DashboardPreview,
  DashboardState,
  DashboardTarget,
  KeyState,
} from './state.js';

/** A state without the rights, which the handler decides. */
export type DashboardView = Omit<DashboardState, 'rights'>;

/** A key to look at. */
export interface KeyQuestion {
  readonly cache: string;
  /** From the outermost to the innermost. */
  readonly namespaces: readonly string[];
  readonly key: string;
  /** False: the answer has no value. */
  readonly withValue: boolean;
}

/**
 * Where the dashboard gets its data from.
 *
 * A method rejects with {@link DashboardRefusal} for a request that the client can correct (an unknown cache); its
 * message is sent. Every other error is logged, and the client gets status 500 without its message.
 */
export interface DashboardSource {
  /** @param shown the id of an instance; null, or the id of none = the sum of all instances */
  state(shown: string | null): Promise<DashboardView>;
  /** What the tiers hold under a key. Changes no entry and no counter. Absent: the source cannot look into caches. */
  inspect?(question: KeyQuestion): Promise<KeyState>;
  /** How many entries {@link invalidate} would remove. Absent: the source is read-only. */
  preview?(target: DashboardTarget): Promise<DashboardPreview>;
  /** Removes entries, on all instances. Absent: the source is read-only. */
  invalidate?(target: DashboardTarget): Promise<DashboardOutcome>;
}
