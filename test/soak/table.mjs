/** What a soak may end with. Zero unless a number is given. */
export const limits = {
  'lost updates': 0,
  'stale reads': 0,
  'reads older than an own write': 0,
  'stale HTTP responses': 0,
  'wrong AI answers': 0,
  'failed calls': 0,
  'unhandled errors': 0,
  'sockets left open': 0,
  'handles left': 0,
  'untrue hits': 0,
  'heap growth, MB': 8,
};

/** What a soak must have done at least: without it, a limit above means nothing. */
export const least = {
  'rounds of faults': 1,
  calls: 1000,
  'HTTP requests': 100,
  'AI calls': 100,
  'hits verified': 10,
};

/** How each figure is counted. */
export const meanings = {
  'rounds of faults': 'how often every fault has struck',
  calls: 'calls of the cache API, without those of the HTTP service and of the AI cache',
  'HTTP requests': 'responses of the services',
  'AI calls': 'questions to the AI caches',
  'hits verified': 'hits that the truth meter compared with a new value of their loader',
  'lost updates':
    'keys for which Redis holds, at the end, another value than their writer stored last; a missing key is none',
  'stale reads': 'keys for which, at the end, a process reads another value than Redis holds',
  'reads older than an own write': 'reads by which a writer saw an older value than its own last one',
  'stale HTTP responses': 'responses with an older price than the service has',
  'wrong AI answers': 'answers to another question',
  'failed calls': 'calls, requests and questions that were rejected',
  'unhandled errors': 'rejections and exceptions that no handler caught',
  'sockets left open': 'sockets of the caches after `close()`',
  'handles left':
    'sockets, timers and other resources after the applications are closed, beyond those before the start',
  'untrue hits': 'verified hits with a value that the loader no longer returns',
  'heap growth, MB': 'largest growth of a process, from the end of the warm-up, after a collection',
};

/** Rows of the table: what was measured, its limit, and whether it holds. */
export function judge(measured) {
  const valueOf = (what) => {
    if (measured[what] === undefined) throw new Error(`not measured: ${what}`);
    return measured[what];
  };
  return [
    ...Object.entries(least).map(([what, bound]) => ({
      what,
      value: valueOf(what),
      limit: `>= ${bound}`,
      holds: valueOf(what) >= bound,
    })),
    ...Object.entries(limits).map(([what, bound]) => ({
      what,
      value: valueOf(what),
      limit: `<= ${bound}`,
      holds: valueOf(what) <= bound,
    })),
  ];
}

export function tableOf(rows) {
  const cells = [
    ['', 'measured', 'limit', ''],
    ...rows.map(({ what, value, limit, holds }) => [what, shown(value), limit, holds ? 'holds' : 'BROKEN']),
  ];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length), 3));
  const line = (texts) =>
    `| ${texts.map((text, i) => (i === 0 ? text.padEnd(widths[0]) : text.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n');
}

/** A figure as text. */
export function shown(value) {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(1);
}
