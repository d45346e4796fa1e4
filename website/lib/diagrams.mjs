// Diagrams in Mermaid, drawn as SVG when the site is built: a page needs no script for them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { renderMermaidSVG } from 'beautiful-mermaid';

const style = readFileSync(join(import.meta.dirname, '..', '.vitepress', 'theme', 'style.css'), 'utf8');
/** In pixels: a wider one is made smaller to fit into a page, and gets larger letters. */
const widthOfPage = 620;

/**
 * A diagram as HTML.
 *
 * @param {string} source in the syntax of Mermaid
 * @throws Error when the source has something that the drawing would leave out
 */
export function diagram(source) {
  // The first lines may be settings for the renderer of GitHub, which draws the same source.
  const drawn = source.replaceAll(/^%%\{.*\}%%\n/gm, '');
  if (drawn.includes('~~~')) throw new Error(`The site cannot draw links of the kind ~~~:\n${source}`);
  const svg = renderMermaidSVG(drawn, { padding: 8 })
    // Its own style sheet asks another host for a font.
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/ style="[^"]*"/, '')
    .replaceAll(/\n\s*/g, '\n');
  assertColours(svg);
  const width = Number(/ width="([\d.]+)"/.exec(svg)?.[1]);
  return `<div class="diagram${width > widthOfPage ? ' wide' : ''}" v-pre>${svg}</div>\n`;
}

/** The style sheet of the site has the colours that a drawing names. */
function assertColours(svg) {
  const names = new Set([...svg.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name));
  const missing = [...names].filter((name) => !style.includes(`  ${name}: `));
  if (missing.length > 0) throw new Error(`The style sheet of the site lacks ${missing.join(', ')}`);
}
