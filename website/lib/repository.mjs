// Where the pages, the sources and the site stand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..');
/** The folder of the pages. */
export const docs = join(root, 'docs');
/** What a build writes. */
export const output = join(root, 'website', 'dist');

const manifest = JSON.parse(readFileSync(join(root, 'libs', 'cache-infra', 'package.json'), 'utf8'));
const [, owner, name] = /github\.com\/([^/]+)\/([^/.]+)/.exec(manifest.repository.url);

export const { description } = manifest;
export const title = manifest.name;
/** The sources, for links to files that are no pages. */
export const repository = `https://github.com/${owner}/${name}`;
/** The path of the site: that of GitHub Pages for this repository. */
export const base = `/${name}/`;
/** The address of the site. */
export const site = `https://${owner}.github.io${base}`;
