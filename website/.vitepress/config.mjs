// The site: the pages of docs/, in the order of navigation.mjs.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { defineConfig } from 'vitepress';

import { anchorOf } from '../lib/anchors.mjs';
import { llmsFullTxt, llmsTxt, markdownCopy } from '../lib/llms.mjs';
import { readAsRepository } from '../lib/markdown.mjs';
import { leadOf, readGroups } from '../lib/pages.mjs';
import { base, description, docs, output, repository, root, site, title } from '../lib/repository.mjs';
import { navigation } from '../navigation.mjs';

const home = 'index.md';
const groups = await readGroups(navigation, docs);
const [{ pages: homePages }] = await readGroups([{ pages: ['index'] }], docs);
const lead = leadOf(homePages[0].text);
const linkOf = ({ path, title: text }) => ({ text, link: `/${path}` });

/** The pages stand outside of this package: on the server they would not find the Vue that draws them. */
const vueOfThisPackage = {
  name: 'vue-of-this-package',
  enforce: 'pre',
  resolveId: (id, _importer, { ssr }) =>
    ssr && /^vue(?:\/server-renderer)?$/.test(id) ? { id, external: true } : undefined,
};

const search = {
  detailedView: true,
  // One letter may differ in words of six letters and more: `grace` is not `race`.
  miniSearch: { searchOptions: { fuzzy: 0.09 } },
  // The titles of tests have the words of every page.
  _render: (source, env, markdown) => (env.relativePath === 'proof.md' ? '' : markdown.render(source, env)),
};

export default defineConfig({
  title,
  description,
  base,
  lang: 'en',
  srcDir: docs,
  outDir: output,
  cacheDir: join(root, 'website', '.cache'),
  lastUpdated: false,
  ignoreDeadLinks: false,
  head: [
    ['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}icon.svg` }],
    ['meta', { name: 'color-scheme', content: 'light dark' }],
  ],
  markdown: {
    anchor: { slugify: anchorOf },
    // Braces are text.
    attrs: { disable: true },
    theme: { light: 'github-light', dark: 'github-dark' },
    config: (markdown) => readAsRepository(markdown, { repository, home }),
  },
  themeConfig: {
    siteTitle: title,
    logo: { src: '/icon.svg', alt: '' },
    search: { provider: 'local', options: search },
    nav: [
      { text: 'Start', link: linkOf(groups[0].pages[0]).link },
      { text: 'API', link: '/api-reference' },
      { text: 'GitHub', link: repository },
    ],
    sidebar: groups.map(({ title: text, collapsed = false, pages }) => ({
      text,
      collapsed,
      items: pages.map(linkOf),
    })),
    outline: { level: [2, 3] },
    editLink: { pattern: `${repository}/edit/main/docs/:path`, text: 'Edit this page' },
  },
  vite: {
    plugins: [vueOfThisPackage],
    // The index of the search is one file, loaded when a reader searches.
    build: { chunkSizeWarningLimit: 2000 },
  },
  transformPageData({ relativePath, frontmatter }) {
    if (relativePath !== home) return undefined;
    const [start] = groups[0].pages;
    const actions = [
      { theme: 'brand', text: 'Start', link: linkOf(start).link },
      { theme: 'alt', text: 'GitHub', link: repository },
    ];
    const hero = { name: title, text: 'Caching for NestJS', tagline: lead, actions };
    return { frontmatter: { ...frontmatter, layout: 'home', hero } };
  },
  transformHead({ pageData: { relativePath } }) {
    if (relativePath === '404.md') return [];
    return [['link', { rel: 'alternate', type: 'text/markdown', href: `${base}${relativePath}` }]];
  },
  async buildEnd() {
    const about = { title, description, site, repository, groups };
    await writeFile(join(output, 'llms.txt'), llmsTxt(about));
    await writeFile(join(output, 'llms-full.txt'), llmsFullTxt(about));
    for (const page of [...homePages, ...groups.flatMap(({ pages }) => pages)]) {
      const file = join(output, `${page.path}.md`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, markdownCopy(page, repository));
    }
    // The pictures of the pages in Markdown; those of the HTML are among its assets.
    for (const folder of ['images', 'performance', 'scale'])
      await cp(join(docs, folder), join(output, folder), { recursive: true });
    await cp(join(root, 'libs/cache-infra/src/dashboard/page/client/icon.svg'), join(output, 'icon.svg'));
  },
});
