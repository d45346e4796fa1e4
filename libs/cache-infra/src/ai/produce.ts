import type { LoadContext, Ttl } from '../cache/contract/options.js';
import type { Clock } from '../base/clock.js';
import type { Answer } from './answer.js';
import { answerOf, assertOutput } from './answer.js';
import { whyNotStored, type NotStoredReason } from './cacheability.js';
import { losesKind } from './kept-kind.js';
import type { AiOutput } from './output.js';
import { checkedOwnTags, maxOwnTags } from './selector-tags.js';
import type { ResolvedSettings } from './settings.js';
import { decideTtl, ttlOption } from './ttl-policy.js';
import type { AiContext, Produce } from './producer.js';
import type { BypassReason } from './result.js';

/** The part of a call that `produceAnswer` uses. */
export interface ProducingCall {
  readonly operation: string;
  readonly key: string;
  readonly ttl: Ttl | undefined;
  readonly tags: readonly string[];
}

/** What a producer needs of the context of a load. */
type StoringContext = Omit<LoadContext, 'stale' | 'notModified'>;

/** Runs `produce` and tells the cache the ttl and tags of the answer, or not to store it. */
export async function produceAnswer<T>(
  settings: ResolvedSettings,
  call: ProducingCall,
  ctx: StoringContext,
  produce: Produce<T>,
): Promise<Answer<T>> {
  const { clock } = settings;
  const context = new ProducingContext(call, ctx, settings.prefix);
  const start = clock.now();
  const output = await produce(context);
  assertOutput(output);
  const bypassed = reasonNotToStore(output, settings.completeFinishReasons) ?? context.bypassed;
  const { ttlMs } = decideTtl(settings.ttl, call.operation, call.key, context.wantedTtl);
  if (bypassed === undefined) ctx.ttl(ttlOption(ttlMs));
  else ctx.skipStore();
  return answerOf(output, { ...times(clock, start), ttlMs }, bypassed);
}

/** The reason not to store an output. An output that cannot be examined reaches its callers all the same. */
function reasonNotToStore(
  output: AiOutput<unknown>,
  complete: ReadonlySet<string>,
): NotStoredReason | undefined {
  try {
    return whyNotStored(output, complete) ?? (losesKind(output.value) ? 'unserializable' : undefined);
  } catch {
    return 'unserializable';
  }
}

/** A context for a call that bypasses the cache. */
export function unboundContext(key: string, signal: AbortSignal): StoringContext {
  return { key, signal, ttl: ignore, tags: ignore, skipStore: ignore };
}

class ProducingContext implements AiContext {
  readonly operation: string;
  readonly key: string;
  readonly signal: AbortSignal;
  wantedTtl: Ttl | undefined;
  bypassed: BypassReason | undefined;
  readonly #ctx: StoringContext;
  readonly #prefix: string;
  #ownTags: number;

  constructor(call: ProducingCall, ctx: StoringContext, prefix: string) {
    this.operation = call.operation;
    this.key = call.key;
    this.signal = ctx.signal;
    this.wantedTtl = call.ttl;
    this.#ctx = ctx;
    this.#prefix = prefix;
    this.#ownTags = call.tags.length;
    // Bind the methods: producers destructure the context, `({ ttl }) => …`.
    this.ttl = this.ttl.bind(this);
    this.tags = this.tags.bind(this);
    this.skipStore = this.skipStore.bind(this);
  }

  ttl(ttl: Ttl): void {
    this.#ctx.ttl(ttl);
    this.wantedTtl = ttl;
  }

  tags(...tags: string[]): void {
    this.#ctx.tags(...checkedOwnTags(this.#prefix, tags, maxOwnTags - this.#ownTags));
    this.#ownTags += tags.length;
  }

  skipStore(): void {
    this.bypassed = 'skipped';
  }
}

function times(clock: Clock, start: number): { producedMs: number; storedAt: number } {
  const storedAt = clock.now();
  return { producedMs: Math.max(0, storedAt - start), storedAt };
}

function ignore(): void {
  // The call bypasses the cache.
}
