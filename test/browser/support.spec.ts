import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { root } from '../support/repository.js';
import { expectAccessible } from './support/accessible.js';
import { sizes, takeScreenshots, themes } from './support/screenshots.js';
import { browserStage } from './support/stage.js';

const stage = browserStage();

const page = (body: string): string =>
  `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">` +
  `<main><h1>A page</h1>${body}</main></html>`;
const script = (name: string): string => page(`<script src="/${name}.js"></script>`);

const files: Readonly<Record<string, string>> = {
  '/fine': script('fine'),
  '/fine.js': 'fetch("/fine")',
  '/wide': page('<div style="width: 3000px">wide</div>'),
  '/nameless': page('<button></button>'),
  '/pale': page('<p style="color: #ccc; background: #fff">pale</p>'),
  '/broken-stream': script('broken-stream'),
  '/broken-stream.js': 'fetch("/stream?broken").then((it) => it.text()).catch(() => 0)',
  '/console': script('console'),
  '/console.js': 'console.error("from the page")',
  '/uncaught': script('uncaught'),
  '/uncaught.js': 'setTimeout(() => { throw new Error("thrown by the page") })',
  '/absent': script('missing'),
  '/inline': page('<script>document.title = "Inline"</script>'),
  '/other-host': page('<img alt="" src="http://other.invalid/picture.png">'),
};

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/stream?broken') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: one\n\n');
      setImmediate(() => response.destroy());
      return;
    }
    const file = files[path];
    response.writeHead(file === undefined ? 404 : 200, {
      'Content-Type': path.endsWith('.js') ? 'text/javascript' : 'text/html',
      'Content-Security-Policy': "default-src 'self'; style-src 'unsafe-inline'; img-src * data:",
    });
    response.end(file);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  server.close();
  await once(server, 'close');
});

describe('the watch over a page', () => {
  it('has nothing to say about a page without faults', async () => {
    const opened = await stage.open(`${url}/fine`);
    await opened.page.waitForLoadState('networkidle');

    expect(opened.faults.take()).toEqual([]);
    await expectAccessible(opened.page);
  });

  it.each([
    ['/broken-stream', /^failed: GET .*\/stream\?broken: net::ERR_INCOMPLETE_CHUNKED_ENCODING/],
    ['/console', /^console error: from the page/],
    ['/uncaught', /^uncaught: Error: thrown by the page/],
    ['/absent', /^status 404: GET .*\/missing\.js/],
    ['/inline', /^console error: .*Content Security Policy/],
    ['/other-host', /^other host: http:\/\/other\.invalid\/picture\.png/],
    ['/other-host', /^failed: GET http:\/\/other\.invalid/],
  ])('%s is a fault', async (path, expected) => {
    const opened = await stage.open(url + path);
    await opened.page.waitForLoadState('networkidle');

    expect(opened.faults.take()).toContainEqual(expect.stringMatching(expected));
  });

  it('allows what a test provokes', async () => {
    const opened = await stage.open(`${url}/console`);
    opened.faults.allow(/from the page/);
    await opened.page.waitForLoadState('networkidle');
  });
});

describe('expectAccessible', () => {
  it.each([
    ['/nameless', /button-name/],
    ['/pale', /color-contrast/],
  ])('%s is refused', async (path, expected) => {
    const opened = await stage.open(url + path);

    await expect(expectAccessible(opened.page)).rejects.toThrow(expected);
  });
});

describe('takeScreenshots', () => {
  it('writes a picture for each theme and width', async () => {
    const opened = await stage.open(`${url}/fine`);
    const started = Date.now();
    await takeScreenshots(opened.page, 'helpers');

    for (const theme of themes) {
      for (const { width } of sizes) {
        const file = join(root, 'test-results', 'screenshots', `helpers-${String(width)}-${theme}.png`);
        expect((await stat(file)).mtimeMs).toBeGreaterThan(started - 1000);
        // The width stands in bytes 16 to 19 of a PNG.
        expect((await readFile(file)).readUInt32BE(16)).toBe(width);
      }
    }
  });

  it('refuses a page that scrolls sideways', async () => {
    const opened = await stage.open(`${url}/wide`);

    await expect(takeScreenshots(opened.page, 'helpers-wide')).rejects.toThrow(/beyond/);
  });
});
