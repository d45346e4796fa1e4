import { pageContent, type PageFile } from './content.js';

/**
 * The files of the page by their address below the route: `index.html`, `assets/app.js`, `assets/app.css` and others.
 * They need no other host, no inline script and no inline style. `index.html` holds `%TOKEN%`, in place of which the
 * server sends the token of its page.
 */
export const pageAssets: ReadonlyMap<string, PageFile> = new Map(Object.entries(pageContent));
