// The server of the preview: the page of the dashboard with the scenes of `scenarios.mjs`, under the policy that the
// library sends.
import { once } from 'node:events';
import { createServer } from 'node:http';

import { buildPage } from '../dashboard-page.mjs';
import { scenarios, stateOf } from './scenarios.mjs';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

/**
 * Starts the server on the loopback interface; the page is built anew whenever its document is asked for.
 * @param port 0 = a free one
 * @returns its address, with a slash at the end, and `close()`
 */
export async function startPreview(port) {
  const started = Date.now();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    const [, scene, ...rest] = pathname.split('/');
    if (!(scene in scenarios)) return index(response);
    if (rest.length === 0) return response.writeHead(301, { location: `/${scene}/` }).end();
    const state = () => stateOf(scene, { started, shown: searchParams.get('instance') });
    return answer(rest.join('/'), { request, response, searchParams, state });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String(server.address().port)}/`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function index(response) {
  const links = Object.keys(scenarios).map((name) => `<li><a href="/${name}/">${name}</a></li>`);
  response.writeHead(200, { 'content-type': 'text/html' }).end(`<ul>${links.join('')}</ul>`);
}

let page;

async function answer(path, { request, response, searchParams, state }) {
  const json = (body) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  switch (path) {
    case 'api/state':
      return json(state());
    case 'api/events':
      return events(request, response, state);
    case 'api/key':
      return json(keyState(searchParams));
    case 'api/preview':
      return json(await previewOf(request));
    case 'api/invalidate':
      return json({ removed: (await targetOf(request)).kind === 'tag' ? null : 1 });
    default: {
      if (path === '' || page === undefined) page = buildPage();
      const file = (await page)[path === '' ? 'index.html' : path];
      if (file === undefined) return response.writeHead(404).end();
      return response
        .writeHead(200, { 'content-type': file.type, 'content-security-policy': policy })
        .end(file.body.replace('%TOKEN%', 'preview'));
    }
  }
}

function events(request, response, state) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = () => response.write(`data: ${JSON.stringify(state())}\n\n`);
  send();
  const timer = setInterval(send, 2000);
  request.on('close', () => clearInterval(timer));
}

function keyState(params) {
  const key = params.get('key');
  const about = { cache: params.get('cache'), namespaces: params.getAll('namespace'), key };
  if (key.startsWith('absent'))
    return {
      ...about,
      l1: { held: false, fresh: false, ttlSeconds: null },
      l2: { kind: 'absent' },
      value: null,
    };
  return {
    ...about,
    l1: { held: true, fresh: true, ttlSeconds: 212 },
    l2: {
      ...{ kind: 'entry', bytes: 1412, state: 'fresh', ttlSeconds: 214, graceSeconds: 3600 },
      ...{ tags: ['prices', 'product:4711', '<b>bold</b>'], storedAt: Date.now() - 86_000 },
      ...{ format: 'JSON, deflate', version: '3' },
    },
    value: JSON.stringify(
      { id: 4711, name: 'Ice cube tray', price: 12.5, html: '<img src=x onerror=alert(1)>' },
      null,
      2,
    ),
  };
}

async function previewOf(request) {
  const target = await targetOf(request);
  if (target.kind === 'tag') return { count: null, isComplete: true, examples: [] };
  if (target.kind === 'key') return { count: 1, isComplete: true, examples: [target.key] };
  const examples = Array.from({ length: 10 }, (_, i) => `product:${String(4711 + i)}`);
  return { count: 1204, isComplete: target.kind === 'group', examples };
}

async function targetOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}
