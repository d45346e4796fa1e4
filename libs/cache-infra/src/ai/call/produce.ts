import type { LoadContext, Ttl } from '../../cache/contract/options.js';
import { loadOf, type LoadIdentity } from '../../cache/load/awaited-loads.js';
import type { Answer } from '../answer/answer.js';
import { answerOf, assertOutput } from '../answer/make-answer.js';
import { whyNotStored, type NotStoredReason } from '../answer/cacheability.js';
import { losesKind } from '../answer/kept-kind.js';
import { recording, type Recorded } from '../answer/recorded.js';
import { usageFor } from './usage-for.js';
import type { Call } from './call.js';
import { checkedOwnTags, maxOwnTags } from '../request/selector-tags.js';
import type { ResolvedSettings } from './settings.js';
import { decideTtl, ttlOption } from './ttl-policy.js';
import type { AiContext, Produce } from './producer.js';
import type { BypassReason } from '../answer/cacheability.js';

/** What a producer needs of the context of a load. */
type StoringContext = Omit<LoadContext, 'stale' | 'notModified'>;

/** Runs `produce` and tells the cache the ttl and tags of the answer, or not to store it. */
export async function produceAnswer<T>(
  settings: ResolvedSettings,
  call: Call,
  ctx: StoringContext,
  produce: Produce<T>,
): Promise<Answer<T>> {
  const context = new ProducingContext(call, ctx, settings.prefix);
  const start = settings.clock.now();
  const output = await produce(context);
  const answer = await answerTo(settings, call, output, {
    ...context.told,
    producedMs: since(settings, start),
  });
  if (answer.bypassed === undefined) ctx.ttl(ttlOption(answer.ttlMs));
  else ctx.skipStore();
  return answer;
}

/** What is known of an answer beside the output of its producer. */
export interface Producing {
  /** Milliseconds. */
  readonly producedMs: number;
  readonly evidence?: unknown;
  /** Ttl that wins over the one of the call. */
  readonly ttl?: Ttl | undefined;
  readonly bypassed?: BypassReason | undefined;
}

/** Makes the answer of an output. @throws ValidationError unless it is an output */
export async function answerTo<T>(
  settings: ResolvedSettings,
  call: Call,
  output: Recorded<T>,
  { producedMs, evidence: told, ttl = call.ttl, bypassed }: Producing,
): Promise<Answer<T>> {
  assertOutput(output);
  const evidence = told ?? output.evidence;
  const reason = (await reasonNotToStore(settings, call, output, evidence)) ?? bypassed;
  const { ttlMs } = decideTtl(settings.ttl, call.operation, call.key, ttl);
  const storedAt = settings.clock.now();
  const kept = evidence === undefined ? {} : { evidence };
  const facts = { producedMs, storedAt, ...kept, ttlMs };
  const answer = answerOf(output, usageFor(settings, call, output), facts, reason);
  output[recording]?.made?.(answer);
  return answer;
}

/** The load whose loader gave a producer its context; undefined outside of a load. */
export function loadBehind(context: AiContext): LoadIdentity | undefined {
  return ProducingContext.loadOf(context);
}

/** Milliseconds since a moment; not below 0, should the clock go back. */
export function since({ clock }: Pick<ResolvedSettings, 'clock'>, start: number): number {
  return Math.max(0, clock.now() - start);
}

/** The reason not to store an output. An output that cannot be examined reaches its callers all the same. */
async function reasonNotToStore(
  { completeFinishReasons, faults }: ResolvedSettings,
  { operation, settings: { admit, revive } }: Call,
  output: Recorded<unknown>,
  evidence: unknown,
): Promise<NotStoredReason | undefined> {
  if (output[recording]?.unstored !== undefined) return output[recording].unstored;
  try {
    const reason = whyNotStored(output, completeFinishReasons);
    if (reason !== undefined) return reason;
    if (revive === undefined && losesKind(output.value)) return 'unserializable';
    if (losesKind(evidence)) return 'unserializable';
  } catch {
    return 'unserializable';
  }
  try {
    return admit === undefined || (await admit(output)) ? undefined : 'not-admitted';
  } catch (error) {
    faults.threw('admit', operation, error, 'the answer is not stored');
    return 'not-admitted';
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
  readonly told: { evidence?: unknown; ttl?: Ttl | undefined; bypassed?: BypassReason } = {};
  readonly #ctx: StoringContext;
  readonly #prefix: string;
  #ownTags: number;

  constructor(call: Call, ctx: StoringContext, prefix: string) {
    this.operation = call.operation;
    this.key = call.key;
    this.signal = ctx.signal;
    this.#ctx = ctx;
    this.#prefix = prefix;
    this.#ownTags = call.tags.length;
    // Bind the methods: producers destructure the context, `({ ttl }) => …`.
    this.ttl = this.ttl.bind(this);
    this.tags = this.tags.bind(this);
    this.skipStore = this.skipStore.bind(this);
    this.evidence = this.evidence.bind(this);
  }

  static loadOf(context: object): LoadIdentity | undefined {
    return #ctx in context ? loadOf(context.#ctx) : undefined;
  }

  ttl(ttl: Ttl): void {
    this.#ctx.ttl(ttl);
    this.told.ttl = ttl;
  }

  tags(...tags: string[]): void {
    this.#ctx.tags(...checkedOwnTags(this.#prefix, tags, maxOwnTags - this.#ownTags));
    this.#ownTags += tags.length;
  }

  skipStore(): void {
    this.told.bypassed = 'skipped';
  }

  evidence(evidence: unknown): void {
    this.told.evidence = evidence;
  }
}

function ignore(): void {
  // The call bypasses the cache.
}
