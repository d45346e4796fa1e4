import type { Ttl } from '../../cache/contract/options.js';
import type { AlikeOptions } from '../alike/alike-options.js';
import type { AiHit } from '../answer/hit.js';
import type { AiOutput } from '../answer/output.js';
import type { AiShape } from '../answer/shape.js';

/**
 * Everything about the answers of one operation. Functions take values of any type: one table holds operations whose
 * requests and answers differ. Annotate a parameter to have it checked: `admit: (output: AiOutput<Weather>) => …`.
 */
/* eslint-disable @typescript-eslint/no-explicit-any --
   The table of operations cannot know the types of the values, and `unknown` would refuse every annotated parameter. */
export interface AiOperation {
  /** Ttl of answers. 0 = never expires. Default: `operationTtls`, then `defaultTtl`. */
  readonly ttl?: Ttl | undefined;
  /**
   * Fields that every request must have: `['tenant', 'user']`. A request without one of them rejects with
   * `ValidationError`. Default: none.
   */
  readonly requires?: readonly string[] | undefined;
  /**
   * Whether an answer may be stored. It is asked after the built-in checks; an answer that it refuses reaches its
   * callers, with `bypassed: 'not-admitted'`. If it throws, the answer is not stored. Default: every complete answer.
   */
  readonly admit?: ((output: AiOutput<any>) => boolean | Promise<boolean>) | undefined;
  /**
   * Whether a stored answer may be served to this request, by its evidence (`ctx.evidence()`) for example. One that it
   * refuses is a miss, and is replaced. If it throws, the answer is refused. Default: every stored answer.
   */
  readonly accept?: ((hit: AiHit<any, any>, request: any) => boolean | Promise<boolean>) | undefined;
  /** Turns the chunks of `stream` into the value of `run`, and back. Default: see {@link AiShape}. */
  readonly shape?: AiShape<any, any> | undefined;
  /**
   * Makes the value of a hit from its stored plain form, for values with a `toJSON()`, such as messages of LangChain. If
   * it throws, the answer is a miss. Default: none; then such values are not stored.
   */
  readonly revive?: ((stored: any) => unknown) | undefined;
  /**
   * Serves the answers of requests whose text is only alike, behind the exact match. Needs `requires`, which tells whose
   * answers may be shared, or `shared: true`. Default: requests must be equal.
   */
  readonly alike?: AlikeOptions<any> | undefined;
  /** True = every caller may get every answer, so that `alike` needs no `requires`. Default false. */
  readonly shared?: boolean | undefined;
}
/* eslint-enable @typescript-eslint/no-explicit-any */
