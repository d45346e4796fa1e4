// Serves the files of the site on the loopback interface, below its path.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * Starts the server.
 *
 * @param {string} folder of the site
 * @param {string} base path of the site, as `/name/`
 * @param {number} port 0 for a free one
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function serveSite(folder, base, port) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() =>
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found'),
    );
  });

  async function answer({ url }, response) {
    const { pathname } = new URL(url, 'http://site');
    if (!pathname.startsWith(base)) return response.writeHead(302, { Location: base }).end();
    // A URL has no `..` left: the path stays below the folder.
    const path = normalize(decodeURIComponent(pathname.slice(base.length)));
    if (path.startsWith('..')) throw new Error('outside of the site');
    const file = path === '.' || path.endsWith('/') ? join(path, 'index.html') : path;
    const body = await readFile(join(folder, file));
    return response
      .writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' })
      .end(body);
  }

  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}${base}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}
