import type { Cache } from '../../cache/contract/cache.js';
import { SerializationError } from '../../base/errors.js';
import { storedForm } from '../answer/answer.js';
import type { BypassReason } from '../answer/cacheability.js';
import type { AiOutput } from '../answer/output.js';
import type { AlikePort } from '../call/alike-port.js';
import type { Call } from '../call/call.js';
import { tagsOf } from '../call/call-tags.js';
import { answerTo } from '../call/produce.js';
import type { ResolvedSettings } from '../call/settings.js';
import { ttlOption } from '../call/ttl-policy.js';

/** What `warm` did. */
export interface AiWarmed {
  /** Number of stored answers. */
  readonly stored: number;
  /** The outputs that were not stored, by their position, with the reason. */
  readonly refused: readonly { readonly position: number; readonly reason: BypassReason }[];
}

/** Stores outputs that are known already, under the rules that hold for produced ones. */
export async function warm(
  cache: Cache,
  settings: ResolvedSettings,
  pairs: readonly (readonly [Call, AiOutput<unknown>])[],
  alike?: Pick<AlikePort, 'remember'>,
): Promise<AiWarmed> {
  const refused: { position: number; reason: BypassReason }[] = [];
  for (const [position, [call, output]] of pairs.entries()) {
    const reason = await stored(cache, settings, call, output, alike);
    if (reason !== undefined) refused.push({ position, reason });
  }
  return { stored: pairs.length - refused.length, refused };
}

async function stored(
  cache: Cache,
  settings: ResolvedSettings,
  call: Call,
  output: AiOutput<unknown>,
  alike: Pick<AlikePort, 'remember'> | undefined,
): Promise<BypassReason | undefined> {
  const answer = await answerTo(settings, call, output, { producedMs: 0 });
  if (answer.bypassed !== undefined) return answer.bypassed;
  const tags = tagsOf(settings.prefix, call);
  const plain = call.settings.revive === undefined ? {} : { plain: true };
  try {
    await cache.set(call.key, storedForm(answer), { ttl: ttlOption(answer.ttlMs), tags, ...plain });
    if (call.settings.alike !== undefined) alike?.remember(call, answer);
    return undefined;
  } catch (error) {
    if (error instanceof SerializationError) return 'unserializable';
    throw error;
  }
}
