// Builds the pages of docs/ into a site, website/dist: `node scripts/docs.mjs`; with `--serve` it shows the site then,
// on PORT or 4173 of the loopback interface. Fails when a link or an anchor leads nowhere.
import { join } from 'node:path';

import { checkSite } from '../website/lib/check.mjs';
import { base, output } from '../website/lib/repository.mjs';
import { serveSite } from '../website/lib/serve.mjs';
import { install } from './lib/install.mjs';
import { endWithThisProcess, root, run } from './lib/process.mjs';

const website = join(root, 'website');

async function build() {
  const program = join(website, 'node_modules', 'vitepress', 'bin', 'vitepress.js');
  const { status } = await run(process.execPath, [program, 'build'], { cwd: website });
  if (status !== 0) throw new Error(`vitepress build ended with ${status}`);
}

endWithThisProcess();
try {
  await install(website);
  await build();
  const { pages, links, faults } = await checkSite(output, base);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  console.log(`${pages} pages with ${links} links, all of which lead somewhere: website/dist`);
  if (process.argv.includes('--serve')) {
    const { url } = await serveSite(output, base, Number(process.env.PORT ?? 4173));
    console.log(`The site: ${url}`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
