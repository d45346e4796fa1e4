import { readFile } from 'node:fs/promises';
import { NotFoundException, StreamableFile } from '@nestjs/common';

/** Everything comes from this host, and nothing is inline. */
export const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const types = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;

/** The files of a page in `public/`, by name: scripts and style sheets that are listed, and no others. */
export class PageFiles {
  readonly #folder: URL;

  constructor(
    folder: string,
    private readonly names: readonly `${string}.${keyof typeof types}`[],
  ) {
    this.#folder = new URL(`../public/${folder}/`, import.meta.url);
  }

  page(): Promise<string> {
    return readFile(new URL('index.html', this.#folder), 'utf8');
  }

  async file(name: string): Promise<StreamableFile> {
    const known = this.names.find((each) => each === name);
    if (known === undefined) throw new NotFoundException(`The page has no file '${name}'`);
    const type = known.endsWith('.css') ? types.css : types.js;
    return new StreamableFile(await readFile(new URL(known, this.#folder)), { type });
  }
}
