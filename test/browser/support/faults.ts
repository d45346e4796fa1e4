import type { Page, Request } from 'playwright-core';

export interface Faults {
  /** The faults so far, in words, each once, without those that were allowed. They are forgotten. */
  take(): string[];
  /** Allows faults that a test provokes, such as `/403/`. */
  allow(pattern: RegExp): void;
}

/**
 * Watches a page for what no page may do: an error or a warning in its console (a breach of its content security policy
 * is one), an uncaught error, a request that fails or that gets a status of 400 or more, and a request to another host.
 */
export function watchFaults(page: Page, host: string): Faults {
  const found: string[] = [];
  const allowed: RegExp[] = [];
  const streams = new WeakSet<Request>();
  page.on('console', (message) => {
    if (!['error', 'warning'].includes(message.type())) return;
    found.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => found.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(?:https?|wss?):$/.test(url.protocol) && url.host !== host) found.push(`other host: ${url.href}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? 'unknown';
    // Chromium also says so of a stream that the script has read to its end: of about every second one.
    if (reason === 'net::ERR_ABORTED' && streams.has(request)) return;
    found.push(`failed: ${request.method()} ${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.headers()['content-type']?.startsWith('text/event-stream') === true)
      streams.add(response.request());
    if (response.status() < 400) return;
    found.push(`status ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  return {
    take: () =>
      [...new Set(found.splice(0))].filter((fault) => !allowed.some((pattern) => pattern.test(fault))),
    allow: (pattern) => allowed.push(pattern),
  };
}
