import type { Call, Ended } from '../call/call.js';
import { cacheStatus, type CallStatus } from '../call/cache-status.js';
import type { Results } from '../call/results.js';
import type { AiStreamStatus } from './stream-status.js';
import type { Recording, RecordingReader } from './recording.js';

/** Where a stream comes from: a complete answer, or a recording that runs. */
export type Origin =
  | { readonly from: 'stored'; readonly ended: Ended<unknown> }
  | {
      readonly from: 'live';
      readonly recording: Recording;
      readonly reader: RecordingReader;
      /** Whether the producer is that of the call. */
      readonly isProducer: boolean;
    };

/** The outcome of a call that reads a live stream. */
export function live({ control }: Call, isProducer: boolean): CallStatus['outcome'] {
  if (!isProducer) return 'collapsed';
  if (control.bypass === true || control.noStore === true) return 'bypass';
  return control.refresh === true ? 'refresh' : 'miss';
}

/** What is known of a stream before its first chunk. `cache`: its name. */
export function statusOf(call: Call, origin: Origin, results: Results, cache: string): AiStreamStatus {
  const { key, operation } = call;
  if (origin.from === 'stored') {
    const { cached, ageSeconds, matched, cacheStatus: status } = results.describe(call, origin.ended);
    const found = matched === undefined ? {} : { matched };
    return { outcome: origin.ended.how, cached, ...found, key, operation, ageSeconds, cacheStatus: status };
  }
  const outcome = live(call, origin.isProducer);
  const bypassed = outcome === 'bypass' ? 'requested' : undefined;
  const status = cacheStatus(cache, { outcome, bypassed, isLive: true });
  return { outcome, cached: false, key, operation, cacheStatus: status };
}
