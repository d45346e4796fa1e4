import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

import type { CacheTracer, TracedCall, TracedLoad } from '../contract/tracing.js';

/** The context of `nestjs-cache-infra:operation`, with the fields that Node adds. */
type CallContext = TracedCall & { result?: unknown; error?: unknown };
type LoadContext = TracedLoad & { result?: unknown; error?: unknown };

type Channels = Readonly<
  Record<'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error', { readonly hasSubscribers: boolean }>
>;

const operations: TracingChannel<CallContext, CallContext> = tracingChannel('nestjs-cache-infra:operation');
const loads: TracingChannel<LoadContext, LoadContext> = tracingChannel('nestjs-cache-infra:load');

/** Whether a diagnostics channel has subscribers. Node tells of no change: ask anew. */
export function hasSubscribers(): boolean {
  return isSubscribed(operations) || isSubscribed(loads);
}

// `TracingChannel.hasSubscribers` is younger than Node 20.19.
function isSubscribed({ start, end, asyncStart, asyncEnd, error }: Channels): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    error.hasSubscribers
  );
}

/**
 * Publishes calls and loads on Node's tracing channels. The work runs within `start`, so that stores bound to it
 * (`bindStore`) hold in the work and what it calls. An error of a subscriber is an uncaught exception: Node's rule.
 */
export const channelTracer: CacheTracer = {
  sampleEvery: 128,
  call: (call, work) => {
    operations.tracePromise(work, call).catch(ignore);
  },
  load: (load, work) => {
    loads.tracePromise(work, load).catch(ignore);
  },
  ended: (call) => {
    operations.tracePromise(() => Promise.resolve(), call).catch(ignore);
  },
};

function ignore(): void {
  // The caller gets the error from the work itself.
}
