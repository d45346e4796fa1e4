import type { Answer } from '../answer/answer.js';
import type { AiHit } from '../answer/hit.js';
import type { Call } from './call.js';
import type { ResolvedSettings } from './settings.js';

/** Whether `accept` of the operation and of the call take a stored answer. A fault in one of them refuses it. */
export async function isAcceptable(
  { clock, faults }: ResolvedSettings,
  { operation, request, settings, control }: Call,
  { value, evidence, usage, finishReason, model, storedAt }: Answer<unknown>,
): Promise<boolean> {
  const ageSeconds = Math.max(0, clock.now() - storedAt) / 1000;
  const hit: AiHit = { value, evidence, ageSeconds, usage, finishReason, model };
  try {
    if (settings.accept !== undefined && !(await settings.accept(hit, request))) return false;
    return control.accept === undefined || (await control.accept(hit));
  } catch (error) {
    faults.threw('accept', operation, error, 'the stored answer is a miss');
    return false;
  }
}
