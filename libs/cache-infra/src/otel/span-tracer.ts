import {
  context,
  isSpanContextValid,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import type { CacheTracer, TracedCall, TracedLoad } from '../cache/contract/tracing.js';
import type { ShownKeys } from './shown-keys.js';
import { withoutKeys } from './shown-keys.js';
import {
  callAttributes,
  callStartAttributes,
  loadAttributes,
  loadStartAttributes,
  opOf,
} from './span-attributes.js';

/**
 * Makes a span of each call and each load. The work runs in the context of its span: spans of the loader are children
 * of the load, and the load is a child of the call that started it. A call that joins a load links to its span.
 *
 * Where the caller's own span is not recorded, there is nothing to add to: the work runs without a span. L1 hits get a
 * span within a recorded one only.
 */
export class SpanTracer implements CacheTracer {
  readonly sampleEvery: number;
  readonly #tracer: Tracer;
  readonly #keys: ShownKeys;
  /** The spans of loads, for the links of the calls that join them. */
  readonly #spans = new WeakMap<TracedLoad, SpanContext>();
  /** Errors that a span has recorded: the spans around it have the status alone. */
  readonly #recorded = new WeakSet<object>();

  constructor(tracer: Tracer, keys: ShownKeys, sampleEvery: number) {
    this.#tracer = tracer;
    this.#keys = keys;
    this.sampleEvery = sampleEvery;
  }

  wantsHit(): boolean {
    return trace.getSpan(context.active())?.isRecording() === true;
  }

  wantsWork(): boolean {
    return !isUnrecorded(context.active());
  }

  call(call: TracedCall, work: () => Promise<unknown>): void {
    const span = this.#start(`${opOf(call)} ${call.cache}`, callStartAttributes(call));
    run(span, work, (recording, error) => {
      this.#endCall(recording, call, error);
    });
  }

  load(load: TracedLoad, work: () => Promise<unknown>): void {
    const span = this.#start(`cache.load ${load.cache}`, loadStartAttributes(load));
    if (span?.isRecording() === true) this.#spans.set(load, span.spanContext());
    run(span, work, (recording, error) => {
      recording.setAttributes(loadAttributes(load, this.#keys));
      const failure = error ?? (load.failure === undefined ? undefined : { reason: load.failure });
      if (failure !== undefined) this.#fail(recording, failure.reason, load.keys);
    });
  }

  ended(call: TracedCall, start: number): void {
    if (!this.wantsHit()) return;
    const attributes = callStartAttributes(call);
    const startTime = performance.timeOrigin + start;
    const span = this.#tracer.startSpan(`${opOf(call)} ${call.cache}`, { attributes, startTime });
    if (span.isRecording()) this.#endCall(span, call, undefined);
    span.end();
  }

  /** A new span of the active one; undefined = there is no SDK. */
  #start(name: string, attributes: Attributes): Span | undefined {
    const span = this.#tracer.startSpan(name, { attributes }, context.active());
    return isSpanContextValid(span.spanContext()) ? span : undefined;
  }

  #endCall(span: Span, call: TracedCall, error: Failure | undefined): void {
    span.setAttributes(callAttributes(call, error === undefined, this.#keys));
    const loading = call.coalesced && call.load !== undefined ? this.#spans.get(call.load) : undefined;
    if (loading !== undefined) addLink(span, loading);
    if (error !== undefined) this.#fail(span, error.reason, call.keys);
  }

  #fail(span: Span, reason: unknown, keys: readonly string[]): void {
    const { name, message, stack } = reason instanceof Error ? reason : new Error(String(reason));
    const clean = (text: string): string => withoutKeys(text, keys, this.#keys);
    span.setStatus({ code: SpanStatusCode.ERROR, message: clean(message) });
    const isObject = typeof reason === 'object' && reason !== null;
    if (isObject && this.#recorded.has(reason)) return;
    if (isObject) this.#recorded.add(reason);
    span.recordException({ name, message: clean(message), ...(stack && { stack: clean(stack) }) });
  }
}

interface Failure {
  readonly reason: unknown;
}

/** Runs the work in the context of its span, and ends the span with it. */
function run(
  span: Span | undefined,
  work: () => Promise<unknown>,
  end: (recording: Span, error?: Failure) => void,
): void {
  if (span === undefined) {
    void work();
    return;
  }
  const finish = (error?: Failure): void => {
    if (span.isRecording()) end(span, error);
    span.end();
  };
  context
    .with(trace.setSpan(context.active(), span), work)
    .then(
      () => {
        finish();
      },
      (reason: unknown) => {
        finish({ reason });
      },
    )
    .catch(ignore);
}

/** True within a span of this process that is not recorded. A span of another process only passes its context on. */
function isUnrecorded(active: Context): boolean {
  const parent = trace.getSpan(active);
  return parent !== undefined && !parent.isRecording() && parent.spanContext().isRemote !== true;
}

/** Links need version 1.9 of the API. */
function addLink(span: Span, linked: SpanContext): void {
  const { addLink: add } = span as Partial<Span>;
  add?.call(span, { context: linked, attributes: { 'cache.link': 'load' } });
}

function ignore(): void {
  // A span processor has failed: the caller has its answer.
}
