import type { AiCounters } from '../ai/index.js';
import { each, single, type MetricRow } from './sample.js';

/** The metrics of an AI cache, by operation. Operations beyond its `maxSeries` are counted as `(other)`. */
export const aiMetrics: readonly MetricRow<AiCounters>[] = [
  {
    name: 'cache_ai_calls_total',
    type: 'counter',
    help: 'Calls of run, by their outcome.',
    labels: ['outcome'],
    samples: ({ hits, collapsed, misses, bypassed, failures }) =>
      each('outcome', { hit: hits, collapsed, miss: misses, bypassed, failure: failures }),
  },
  {
    name: 'cache_ai_not_stored_total',
    type: 'counter',
    help: 'Misses with an answer that was not stored.',
    labels: [],
    samples: ({ notStored }) => single(notStored),
  },
  {
    name: 'cache_ai_tokens_saved_total',
    type: 'counter',
    help: 'Tokens of answers that were not paid again.',
    labels: ['kind'],
    samples: ({ inputTokensSaved, outputTokensSaved }) =>
      each('kind', { input: inputTokensSaved, output: outputTokensSaved }),
  },
  {
    name: 'cache_ai_cost_saved_total',
    type: 'counter',
    help: 'Cost of these tokens, in the currency of the price table.',
    labels: [],
    samples: ({ costSaved }) => single(costSaved),
  },
  {
    name: 'cache_ai_time_saved_seconds_total',
    type: 'counter',
    help: 'Time of producers less the time of the calls that did not run them.',
    labels: [],
    // A hit that was slower than its producer makes the sum smaller; a counter must not be negative.
    samples: ({ timeSavedMs }) => single(Math.max(0, timeSavedMs) / 1000),
  },
  {
    name: 'cache_ai_uncosted_total',
    type: 'counter',
    help: 'Hits and collapsed calls whose cost is not known: their model has no price, or the producer told no usage.',
    labels: ['reason'],
    samples: ({ unpriced, unmetered }) => each('reason', { unpriced, unmetered }),
  },
];
