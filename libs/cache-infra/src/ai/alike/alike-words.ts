import { describeValue } from '../../base/redact.js';
import type { AlikeEvent } from './alike-report.js';

const phases = {
  learning: 'asks the model and compares',
  serving: 'serves answers',
  off: 'serves nothing for a day',
} as const;

/** The log line of an event. */
export function saidOf(operation: string, event: AlikeEvent): string {
  return `matching by meaning, operation ${describeValue(operation)}: ${whatHappened(event)}`;
}

function whatHappened(event: AlikeEvent): string {
  switch (event.kind) {
    case 'phase':
      return `the band of similarity from ${event.band} now ${phases[event.to]} (${event.checks} checks, ${event.wrong} wrong)`;
    case 'slow':
      return `a look-up took longer than ${event.timeoutMs} ms, and was a miss`;
    case 'embedder-paused':
      return `the embedder failed or was slow several times in a row; it is tried once in ${event.pauseMs} ms`;
    case 'judge-down':
      return 'the judge failed several times in a row; nothing is served until it works';
    case 'judge-up':
      return 'the judge works again';
    case 'failed':
      return `${event.part} failed: ${event.reason}`;
  }
}
