// The site for programs that read: llms.txt (https://llmstxt.org), the same with the text of the pages, and each page
// as Markdown.
import { linkFrom, withLinks } from './links.mjs';

/** Groups that a reader may leave out when there is little room: their list has the name that llmstxt.org gives it. */
const optional = 'Decisions';

/**
 * The list of all pages.
 *
 * @param {{ title: string, description: string, site: string, groups: { title: string, pages: import('./pages.mjs').Page[] }[] }} of
 */
export function llmsTxt({ title, description, site, groups }) {
  const lists = groups.map((group) => {
    const name = group.title === optional ? 'Optional' : group.title;
    const items = group.pages.map(
      (page) => `- [${page.title}](${site}${page.path}.md)${page.summary === '' ? '' : `: ${page.summary}`}`,
    );
    return `## ${name}\n\n${items.join('\n')}\n`;
  });
  return [
    `# ${title}\n`,
    `> ${description}\n`,
    `The text of these pages, but for those under "Optional", is in one file: ${site}llms-full.txt\n`,
    ...lists,
  ].join('\n');
}

/** The text of all pages that are not optional, each under its address. */
export function llmsFullTxt({ title, description, site, repository, groups }) {
  const pages = groups.filter((group) => group.title !== optional).flatMap((group) => group.pages);
  const texts = pages.map((page) => {
    const toPages = (target) => absolute(linkFrom(target, `${page.path}.md`, repository), page.path, site);
    return `---\n\nSource: ${site}${page.path}.md\n\n${withLinks(page.text, toPages).trim()}\n`;
  });
  return [`# ${title}\n`, `> ${description}\n`, ...texts].join('\n');
}

/** A page as it is served beside its HTML: links to files that are no pages lead to the repository. */
export function markdownCopy({ path, text }, repository) {
  return withLinks(text, (target) => linkFrom(target, `${path}.md`, repository));
}

function absolute(target, path, site) {
  return new URL(target, `${site}${path}.md`).href;
}
