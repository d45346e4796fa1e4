import type { AiOutput, AiUsage } from '../answer/output.js';
import { rawBodyOf } from '../answer/raw-body.js';
import { usageOf } from '../answer/usage.js';
import { describeValue } from '../../base/redact.js';
import type { Call } from './call.js';
import type { ResolvedSettings } from './settings.js';

/** The token usage of an output: as the producer or the body of its provider tells it, else an estimate. */
export function usageFor(
  { countTokens, faults }: ResolvedSettings,
  { operation, request }: Call,
  output: AiOutput<unknown>,
): AiUsage | undefined {
  const given = output.usage ?? rawBodyOf(output.value)?.usage;
  const usage = usageOf(given);
  if (usage !== undefined) return usage;
  if (given !== undefined && given !== null) {
    faults.report(
      `usage of operation ${describeValue(operation)} has no known form (${fieldsOf(given)}); it counts as unmetered`,
    );
  }
  if (countTokens === undefined) return undefined;
  const model = typeof request.model === 'string' ? request.model : undefined;
  try {
    const { model: _, ...fields } = request;
    const inputTokens = countTokens(textOf(fields), model);
    const outputTokens = countTokens(textOf(output.value), model);
    return usageOf({ inputTokens, outputTokens });
  } catch (error) {
    faults.threw('countTokens', operation, error, 'the answer counts as unmetered');
    return undefined;
  }
}

/** The names of the fields of a value: its values may be anything. */
function fieldsOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.keys(value).join(', ') : typeof value;
}

/** Every text in a value, one below the other. */
function textOf(value: unknown): string {
  const texts: string[] = [];
  const seen = new Set<object>();
  const collect = (part: unknown): void => {
    if (typeof part === 'string') texts.push(part);
    if (typeof part !== 'object' || part === null || seen.has(part) || ArrayBuffer.isView(part)) return;
    seen.add(part);
    for (const each of Object.values(part)) collect(each);
  };
  collect(value);
  return texts.join('\n');
}
