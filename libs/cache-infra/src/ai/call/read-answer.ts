import type { Answer } from '../answer/answer.js';
import { defaultShape } from '../answer/shape.js';
import type { Revive } from '../../cache/contract/options.js';
import type { Call } from './call.js';
import type { ResolvedSettings } from './settings.js';

/** A stored answer with its value. Undefined if `revive` or `shape.join` cannot make the value: the answer is a miss. */
export function completed(
  { faults }: ResolvedSettings,
  call: Call,
  stored: Answer<unknown>,
): Answer<unknown> | undefined {
  const { operation, settings, control } = call;
  let step = 'shape.join';
  try {
    const { chunks } = stored;
    const shape = control.shape ?? settings.shape ?? defaultShape;
    const isJoined = chunks === undefined || Object.hasOwn(stored, 'value');
    const value: unknown = isJoined ? stored.value : (shape.join(chunks) as unknown);
    step = 'revive';
    const { revive }: { readonly revive?: Revive | undefined } = settings;
    if (revive !== undefined) return { ...stored, value: revive(value) };
    return isJoined ? stored : { ...stored, value };
  } catch (error) {
    faults.threw(step, operation, error, 'the stored answer is a miss');
    return undefined;
  }
}
