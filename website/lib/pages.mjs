// The pages of the site, read for the side bar and for llms.txt.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * @typedef {{ path: string, title: string, summary: string, text: string }} Page path without `.md`
 */

/** The groups of the navigation with their pages. */
export function readGroups(navigation, folder) {
  return Promise.all(
    navigation.map(async ({ pages, ...group }) => ({
      ...group,
      pages: await Promise.all(pages.map((path) => readPage(path, folder))),
    })),
  );
}

/** @returns {Promise<Page>} */
async function readPage(path, folder) {
  const text = await readFile(join(folder, `${path}.md`), 'utf8');
  return { path, title: titleOf(text), summary: summaryOf(text), text };
}

/** The first heading, as text. */
export function titleOf(text) {
  return plain(/^# (.+)$/m.exec(text)?.[1] ?? '');
}

/** What a page is about: its first sentences, as many as make sixty letters. */
export function summaryOf(text) {
  let summary = '';
  for (const sentence of leadOf(text).match(/.+?(?:[.!?](?= |$)|$)/g) ?? []) {
    summary += sentence;
    if (summary.length >= 60) break;
  }
  return summary.replace(/:$/, '.');
}

/** The first paragraph below the first heading, or the first point of a list, as text. */
export function leadOf(text) {
  const prose = text.replaceAll(/<!--.*?-->|^```.*?^```$/gms, '').replaceAll(/^> ?/gm, '');
  const isProse = (block) => !/^(?:#|\||!\[|<)/.test(block) && words(block) !== '';
  return words(
    prose
      .split(/\n{2,}/)
      .find(isProse)
      ?.trim() ?? '',
  );
}

/** A paragraph, or the first point of a list, without the mark of its beginning. */
function words(block) {
  const [first] = block.replace(/^- /, '').split(/\n- /);
  return plain(first.replace(/^\*\*TL;DR\*\*/, '').trim());
}

/** Markdown as text. */
function plain(markdown) {
  return markdown
    .replaceAll(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])?/g, '$1')
    .replaceAll(/[`*]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
