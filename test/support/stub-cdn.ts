import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the API of a CDN received it. */
export interface PurgeRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StubAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** A server on the loopback interface in the place of a CDN's API: it records requests and answers as told. */
export class StubCdn {
  readonly requests: PurgeRequest[] = [];
  /** The answer to the next requests. */
  answer: StubAnswer = { status: 200, body: '{"success":true}' };
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const { status, headers: fields, body } = this.answer;
        this.requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(status, fields).end(body);
      });
    });
  }

  static async start(): Promise<StubCdn> {
    const cdn = new StubCdn();
    await new Promise<void>((resolve) => cdn.#server.listen(0, '127.0.0.1', resolve));
    return cdn;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The tags of every request in the format of Cloudflare. */
  get purged(): readonly string[] {
    return this.requests.flatMap(({ body }) => (JSON.parse(body) as { tags: string[] }).tags);
  }
}
