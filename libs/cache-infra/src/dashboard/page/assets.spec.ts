import { Script } from 'node:vm';
import { gzipSync } from 'node:zlib';

import { pageAssets } from './assets.js';

const text = (name: string) => pageAssets.get(name)?.body ?? '';
const all = [...pageAssets.values()].map(({ body }) => body).join('\n');

describe('the files of the page', () => {
  it('are all that the document asks for, by addresses relative to it', () => {
    const asked = [...text('index.html').matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address);
    expect(asked.sort()).toEqual(['assets/app.css', 'assets/app.js', 'assets/icon.svg', 'assets/theme.js']);
    for (const address of asked) expect(pageAssets.has(address ?? '')).toBe(true);
  });

  it('have the place of the token once, in the document', () => {
    expect(all.split('%TOKEN%')).toHaveLength(2);
    expect(text('index.html')).toContain('<meta name="cache-dashboard-token" content="%TOKEN%" />');
  });

  it('are at most 60 kB together, gzipped', () => {
    const bytes = [...pageAssets.values()].reduce((sum, { body }) => sum + gzipSync(body).length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(60_000);
  });

  it('name no other host', () => {
    const addresses = all.match(/https?:\/\/[\w.-]+/g) ?? [];
    expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org']));
  });

  it('hold nothing that a policy without unsafe-inline refuses, and set no markup from data', () => {
    expect(text('index.html')).not.toMatch(/<script>|<style|\sstyle=|\son\w+=/);
    expect(text('assets/app.js')).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
    );
    expect(text('assets/app.js')).not.toMatch(/setAttribute\([^)]*['"]style['"]/);
  });

  it('are scripts that a browser can run', () => {
    expect(text('assets/app.js')).not.toMatch(/^import |\brequire\(/m);
    expect(() => new Script(text('assets/theme.js'))).not.toThrow();
  });
});
