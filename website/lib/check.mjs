// Checks the files of the site: every link and every anchor leads somewhere, and no page asks another host for
// anything.
import { readFile, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';

/**
 * The faults of a site.
 *
 * @param {string} folder
 * @param {string} base path of the site, as `/name/`
 * @returns {Promise<{ pages: number, links: number, faults: string[] }>}
 */
export async function checkSite(folder, base) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => posix.relative(folder, posix.join(entry.parentPath, entry.name)));
  const read = async (name) => [name, await readFile(join(folder, name), 'utf8')];
  const texts = new Map(
    await Promise.all(files.filter((name) => /\.(?:html|css|md|txt)$/.test(name)).map(read)),
  );
  return checkTexts(texts, new Set(files), base);
}

/** The same of texts by their paths, beside which there are the files of `present`. */
export function checkTexts(texts, present, base) {
  const pages = [...texts].filter(([name]) => name.endsWith('.html'));
  const anchors = new Map(pages.map(([name, html]) => [name, anchorsIn(html)]));
  const faults = [];
  let links = 0;
  for (const [name, html] of pages) {
    for (const { kind, target } of referencesIn(html)) {
      const isOwn = !/^(?:[a-z]+:)?\/\//i.test(target);
      if (kind === 'resource' && !isOwn) faults.push(`${name}: asks for ${target}`);
      if (!isOwn || /^(?:data|mailto):/.test(target)) continue;
      links += 1;
      const fault = faultOf(target, name, { base, present, anchors });
      if (fault !== undefined) faults.push(`${name}: ${target}: ${fault}`);
    }
  }
  for (const [name, css] of texts) {
    if (!name.endsWith('.css')) continue;
    for (const [, target] of css.matchAll(/(?:url\(|@import )["']?((?:https?:)?\/\/[^"')]+)/g))
      faults.push(`${name}: asks for ${target}`);
  }
  return { pages: pages.length, links, faults };
}

function faultOf(target, from, { base, present, anchors }) {
  const { pathname, hash } = new URL(target, `http://site${base}${from}`);
  if (!pathname.startsWith(base)) return `not below ${base}`;
  const path = decodeURIComponent(pathname.slice(base.length));
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  if (!present.has(file)) return 'no such file';
  const anchor = decodeURIComponent(hash.slice(1));
  return anchor === '' || !anchors.has(file) || anchors.get(file).has(anchor) ? undefined : 'no such anchor';
}

function anchorsIn(html) {
  return new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => decoded(id)));
}

function* referencesIn(html) {
  for (const [, tag, attributes] of html.matchAll(/<(a|link|script|img|source|iframe)\b([^>]*)>/g)) {
    const target = decoded(/\b(?:href|src)="([^"]*)"/.exec(attributes)?.[1] ?? '');
    const isLink = tag === 'a' || /\brel="(?:alternate|canonical)"/.test(attributes);
    if (target !== '') yield { kind: isLink ? 'link' : 'resource', target };
  }
}

function decoded(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
