export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
  /** Milliseconds from the request to the last byte. */
  milliseconds: number;
}

/** An answer that came as server-sent events. */
export interface StreamedReply {
  /** `hit`, `miss`, `collapsed`, …; the message of the demo if there is no stream. */
  outcome: string;
  text: string;
  /** Number of messages: tokens, if the model makes them one by one. */
  events: number;
  /** Milliseconds from the request to the first message. */
  firstMs: number;
  /** Milliseconds from the request to the last byte. */
  milliseconds: number;
}

/** A JSON client of the demo. */
export class DemoClient {
  constructor(readonly url: string) {}

  async isThere(): Promise<boolean> {
    return this.get('/health').then(
      () => true,
      () => false,
    );
  }

  get<T>(path: string): Promise<Reply<T>> {
    return this.#send<T>('GET', path);
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply<T>> {
    return this.#send<T>('POST', path, body, headers);
  }

  put<T>(path: string, body: unknown): Promise<Reply<T>> {
    return this.#send<T>('PUT', path, body);
  }

  delete<T>(path: string): Promise<Reply<T>> {
    return this.#send<T>('DELETE', path);
  }

  async stream(path: string, body: unknown, headers: Record<string, string> = {}): Promise<StreamedReply> {
    const start = performance.now();
    const response = await fetch(new URL(path, this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(120_000),
    });
    const decoder = new TextDecoder();
    let received = '';
    let firstMs: number | undefined;
    const chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
    for await (const chunk of chunks) {
      received += decoder.decode(chunk, { stream: true });
      if (/^data: (?!\{)/m.test(received)) firstMs ??= performance.now() - start;
    }
    const milliseconds = performance.now() - start;
    const messages = received.split('\n\n').filter((event) => event.startsWith('data: '));
    return {
      outcome: /"outcome":"(\w+)"/.exec(received)?.[1] ?? received,
      text: messages.map((event) => event.replaceAll(/^data: /gm, '')).join(''),
      events: messages.length,
      firstMs: firstMs ?? milliseconds,
      milliseconds,
    };
  }

  async #send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply<T>> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const start = performance.now();
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      signal: AbortSignal.timeout(120_000),
      ...content,
    });
    const text = await response.text();
    const milliseconds = performance.now() - start;
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
      milliseconds,
    };
  }
}

/** The `Cache-Status` (RFC 9211) of the demo's caches for a request, without the cache name: `hit; detail=l1`. */
export function cacheStatus({ headers }: Reply<unknown>): string {
  return headers.get('cache-status')?.replace(/^[^;]*; /, '') ?? '-';
}
