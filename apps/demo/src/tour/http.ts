export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T;
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
