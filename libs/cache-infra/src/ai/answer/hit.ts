import type { AiUsage } from './output.js';

/** A stored answer, for `accept` to judge. */
export interface AiHit<T = unknown, E = unknown> {
  readonly value: T;
  /** What the producer passed to `ctx.evidence()`; undefined = nothing. */
  readonly evidence?: E | undefined;
  /** Seconds since the answer was stored. */
  readonly ageSeconds: number;
  readonly usage?: AiUsage | undefined;
  readonly finishReason?: string | undefined;
  /** The model that answered, if the producer named it. */
  readonly model?: string | undefined;
}
