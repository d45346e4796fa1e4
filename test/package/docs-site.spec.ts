import { guidesUnder, headingsOf } from '../support/guides.js';
import { importTool, readJson, readText, readYaml } from '../support/repository.js';

interface Page {
  path: string;
  title: string;
  summary: string;
  text: string;
}
interface Group<P> {
  title: string;
  pages: P[];
}
interface Site {
  title: string;
  description: string;
  site: string;
  repository: string;
  groups: Group<Page>[];
}

const { navigation } = await importTool<{ navigation: Group<string>[] }>('website/navigation.mjs');
const { readGroups, titleOf, summaryOf } = await importTool<{
  readGroups(navigation: Group<string>[], folder: string): Promise<Group<Page>[]>;
  titleOf(text: string): string;
  summaryOf(text: string): string;
}>('website/lib/pages.mjs');
const { llmsTxt, llmsFullTxt, markdownCopy } = await importTool<{
  llmsTxt(site: Site): string;
  llmsFullTxt(site: Site): string;
  markdownCopy(page: Pick<Page, 'path' | 'text'>, repository: string): string;
}>('website/lib/llms.mjs');
const { linkFrom, withLinks } = await importTool<{
  linkFrom(target: string, from: string, repository: string): string;
  withLinks(text: string, change: (target: string) => string): string;
}>('website/lib/links.mjs');
const { checkTexts } = await importTool<{
  checkTexts(
    texts: Map<string, string>,
    present: Set<string>,
    base: string,
  ): { pages: number; links: number; faults: string[] };
}>('website/lib/check.mjs');
const { anchorOf } = await importTool<{ anchorOf(heading: string): string }>('website/lib/anchors.mjs');
const { base, docs, repository, site } = await importTool<
  Record<'base' | 'docs' | 'repository' | 'site', string>
>('website/lib/repository.mjs');

const pages = navigation.flatMap((group) => group.pages.map((path) => `docs/${path}.md`));

describe('the navigation of the site', () => {
  it('has every page of docs/ once, but the home page, and no other', async () => {
    const there = (await guidesUnder('docs')).filter((path) => path !== 'docs/index.md');

    expect(pages.toSorted()).toEqual(there.toSorted());
  });

  it('has a name for each page, and a sentence about it', async () => {
    const groups = await readGroups(navigation, docs);
    const read = groups.flatMap((group) => group.pages);

    expect(
      read.filter(({ title, summary }) => title === '' || summary === '').map(({ path }) => path),
    ).toEqual([]);
    expect(new Set(read.map(({ title }) => title)).size).toBe(read.length);
  });
});

describe('the home page', () => {
  it('leads to pages that the navigation has', async () => {
    const text = await readText('docs/index.md');
    const targets = [...text.matchAll(/\]\(([^)#]+\.md)\)/g)].map(([, target = '']) => `docs/${target}`);

    expect(targets.length).toBeGreaterThan(10);
    expect(targets.filter((target) => !pages.includes(target))).toEqual([]);
  });
});

describe('what the site reads of a page', () => {
  it('is its heading, as text', () => {
    expect(titleOf('# Migrate from `@nestjs/cache-manager`\n\nText.')).toBe(
      'Migrate from @nestjs/cache-manager',
    );
  });

  it.each([
    [
      'a paragraph',
      '# A\n\n**TL;DR** It is [quick](a.md). It is small. It is enough for all that a page may want. No.',
      'It is quick. It is small. It is enough for all that a page may want.',
    ],
    [
      'a list',
      '# A\n\n> - `getOrSet` loads once\n>   per key. Always.\n> - More.',
      'getOrSet loads once per key. Always.',
    ],
    ['a list under its name', '# A\n\n> **TL;DR**\n>\n> - One.\n> - Two.', 'One.'],
    [
      'no summary',
      '# A\n\n<!-- generated -->\n\n```sh\nmake docs\n```\n\n## B\n\n| a |\n\nThe text:',
      'The text.',
    ],
    ['a point in a name', '# A\n\nRun `a.sh`. Then look.', 'Run a.sh. Then look.'],
  ])('is what its first sentences say: %s', (_, text, expected) => {
    expect(summaryOf(text)).toBe(expected);
  });

  it('is an anchor for each heading, as GitHub makes it', async () => {
    const text = await readText('docs/api-reference.md');
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

    expect(headings.map((heading) => anchorOf(heading.replaceAll('`', '')))).toEqual([...headingsOf(text)]);
  });
});

describe('links of a page', () => {
  const at = (target: string, from = 'recipes/lock.md') => linkFrom(target, from, 'https://host/repo');

  it.each(['../loading.md#a-miss', 'lock.md', '#order', 'https://redis.io/docs', 'mailto:a@b.c'])(
    'to a page, to a place in it and to elsewhere stay: %s',
    (target) => {
      expect(at(target)).toBe(target);
    },
  );

  it('to files and folders that are no pages lead to the repository', () => {
    expect(at('../../CONTRIBUTING.md#tests')).toBe('https://host/repo/blob/main/CONTRIBUTING.md#tests');
    expect(at('../../benchmarks/run.mjs')).toBe('https://host/repo/blob/main/benchmarks/run.mjs');
    expect(at('../recipes/')).toBe('https://host/repo/tree/main/docs/recipes');
    expect(at('../benchmarks/a.mjs', 'comparison.md')).toBe('https://host/repo/blob/main/benchmarks/a.mjs');
  });

  it('are changed in text, and not in code or images', () => {
    const text = '[a](b.md) `[a](b.md)` ![c](d.svg) [`e`](f.md)\n\n```md\n[a](b.md)\n```\n\n[ref]: g.md#h\n';

    expect(withLinks(text, (target) => `/${target}`)).toBe(
      '[a](/b.md) `[a](b.md)` ![c](d.svg) [`e`](/f.md)\n\n```md\n[a](b.md)\n```\n\n[ref]: /g.md#h\n',
    );
  });
});

describe('llms.txt', () => {
  const page = (path: string, text: string): Page => ({
    path,
    title: titleOf(text),
    summary: summaryOf(text),
    text,
  });
  const about: Site = {
    title: 'a-cache',
    description: 'It caches.',
    site: 'https://site/a-cache/',
    repository: 'https://host/repo',
    groups: [
      {
        title: 'Guides',
        pages: [page('recipes/lock', '# Lock\n\nOne at a time. See [all](../all.md#x).\n')],
      },
      { title: 'Decisions', pages: [page('decisions/why', '# Why\n\nBecause.\n')] },
    ],
  };

  it('names the project, and lists the pages in Markdown by group, the decisions as optional', () => {
    expect(llmsTxt(about)).toBe(`# a-cache

> It caches.

The text of these pages, but for those under "Optional", is in one file: https://site/a-cache/llms-full.txt

## Guides

- [Lock](https://site/a-cache/recipes/lock.md): One at a time. See all.

## Optional

- [Why](https://site/a-cache/decisions/why.md): Because.
`);
  });

  it('has the text of the pages in llms-full.txt, with whole addresses and without the decisions', () => {
    expect(llmsFullTxt(about)).toBe(`# a-cache

> It caches.

---

Source: https://site/a-cache/recipes/lock.md

# Lock

One at a time. See [all](https://site/a-cache/all.md#x).
`);
  });

  it('leads to pages whose links work beside the HTML', () => {
    expect(
      markdownCopy({ path: 'recipes/lock', text: '[a](../all.md) [b](../../LICENSE)' }, 'https://host/repo'),
    ).toBe('[a](../all.md) [b](https://host/repo/blob/main/LICENSE)');
  });

  it('has every page of docs/, each with its own sentence', async () => {
    const groups = await readGroups(navigation, docs);
    const text = llmsTxt({ ...about, site, groups });

    for (const path of pages) expect(text).toContain(`](${site}${path.slice('docs/'.length)}): `);
  });
});

describe('the check of the site', () => {
  const check = (html: string, others: Record<string, string> = {}) => {
    const texts = new Map(Object.entries({ 'a/b.html': html, ...others }));
    return checkTexts(texts, new Set([...texts.keys(), 'icon.svg']), '/base/').faults;
  };

  it('takes links to files and anchors of the site, and to other hosts', () => {
    const html = `<h2 id="x"></h2><a href="#x"></a><a href="/base/c.html#y&amp;z"></a><a href="../icon.svg"></a>
      <a href="https://redis.io"></a><link rel="icon" href="/base/icon.svg"><a href="/base/"></a>`;

    expect(check(html, { 'c.html': '<i id="y&amp;z"></i>', 'index.html': '' })).toEqual([]);
  });

  it.each([
    ['<a href="/base/none.html"></a>', '/base/none.html: no such file'],
    ['<a href="#none"></a>', '#none: no such anchor'],
    ['<a href="/b.html"></a>', '/b.html: not below /base/'],
    ['<script src="https://cdn.example/x.js"></script>', 'asks for https://cdn.example/x.js'],
    ['<link rel="stylesheet" href="//fonts.example/x.css">', 'asks for //fonts.example/x.css'],
  ])('tells of %s', (html, fault) => {
    expect(check(html)).toEqual([`a/b.html: ${fault}`]);
  });

  it('tells of a style sheet that asks another host', () => {
    const css = "@import url('https://fonts.example/x.css'); a { b: url(data:x), url(/c.svg) }";

    expect(check('', { 'a.css': css })).toEqual(['a.css: asks for https://fonts.example/x.css']);
  });
});

describe('the build of the site', () => {
  it('has exact versions, and is no workspace', async () => {
    const { devDependencies, private: isPrivate } = await readJson<{
      private: boolean;
      devDependencies: Record<string, string>;
    }>('website/package.json');

    expect(Object.values(devDependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(isPrivate).toBe(true);
    expect((await readJson<{ workspaces: string[] }>('package.json')).workspaces).not.toContain('website');
  });

  it('writes what the workflow publishes', async () => {
    const { jobs } = await readYaml<{ jobs: { build: { steps: { with?: { path?: string } }[] } } }>(
      '.github/workflows/docs.yml',
    );

    expect(jobs.build.steps.at(-1)?.with?.path).toBe('website/dist');
    expect(await importTool<{ output: string }>('website/lib/repository.mjs')).toMatchObject({
      output: expect.stringMatching(/\/website\/dist$/),
    });
  });

  it('is for the pages of the repository', async () => {
    const { repository: named } = await readJson<{ repository: { url: string } }>(
      'libs/cache-infra/package.json',
    );

    expect(named.url).toBe(`git+${repository}.git`);
    expect(site.endsWith(base)).toBe(true);
  });
});
