// How the site reads Markdown: as GitHub does, with the links and diagrams of this repository.
import { diagram } from './diagrams.mjs';
import { linkFrom } from './links.mjs';

/** Changes a markdown-it for the pages of a repository. */
export function readAsRepository(markdown, { repository, home }) {
  // GitHub knows other names of emojis, and none by punctuation.
  markdown.disable('emoji');

  const { fence } = markdown.renderer.rules;
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const { info, content } = tokens[index];
    if (info.trim() !== 'mermaid') return fence(tokens, index, ...rest);
    return diagram(content);
  };

  markdown.core.ruler.push('repository', ({ tokens, env }) => {
    markTldr(tokens);
    markProse(tokens);
    if (env.relativePath === home) dropBanner(tokens);
    for (const block of tokens) {
      if (block.type === 'html_block') block.content = withBothPictures(block.content);
      for (const token of block.children ?? []) {
        if (token.type !== 'link_open') continue;
        token.attrSet('href', linkFrom(token.attrGet('href'), env.relativePath, repository));
      }
    }
  });
}

/** The summary at the head of a page, a paragraph or a quotation, gets a class. */
function markTldr(tokens) {
  const first = tokens.findIndex(({ type }) => type === 'heading_close') + 1;
  const opening = tokens.slice(first).find(({ type }) => type !== 'html_block');
  if (opening === undefined) return;
  const next = tokens[tokens.indexOf(opening) + 1];
  const isSummary =
    opening.type === 'blockquote_open' ||
    (opening.type === 'paragraph_open' && next.content.startsWith('**TL;DR**'));
  if (isSummary) opening.attrJoin('class', 'tldr');
}

/** A picture for each theme: GitHub goes by what the system prefers, the site by what the reader has chosen. */
function withBothPictures(html) {
  const picture =
    /<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)" \/>\s*<img src="([^"]+)"(.*?)\/>\s*<\/picture>/gs;
  return html.replaceAll(picture, (_, dark, light, rest) =>
    [
      ['dark', dark],
      ['light', light],
    ]
      .map(([theme, file]) => `<img class="only-${theme}" src="./${file}"${rest}/>`)
      .join('\n'),
  );
}

/** Cells of a column with sentences get a class: a narrow page gives them width. */
function markProse(tokens) {
  let column = 0;
  let cells = [];
  const isProse = new Set();
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'tr_open') column = 0;
    if (token.type === 'th_open' || token.type === 'td_open') {
      cells.push([column, token]);
      if (tokens[index + 1].content.length > 40) isProse.add(column);
      column += 1;
    }
    if (token.type !== 'table_close') continue;
    for (const [place, cell] of cells) if (isProse.has(place)) cell.attrJoin('class', 'prose');
    cells = [];
    isProse.clear();
  }
}

/** The home page shows its heading and its first paragraph as a banner. */
function dropBanner(tokens) {
  tokens.splice(0, tokens.findIndex(({ type }) => type === 'paragraph_close') + 1);
}
