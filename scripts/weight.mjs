// Sums the size of the packages that npm installs with the library: `node scripts/weight.mjs`.
import { bytesOnDisk, installedWith } from './lib/weight.mjs';

const inMegabytes = (bytes) => `${(bytes / 1e6).toFixed(1).padStart(6)} MB`;

let total = 0;
const folders = await installedWith('libs/cache-infra');
for (const folder of folders) {
  const bytes = await bytesOnDisk(folder);
  total += bytes;
  console.log(`${inMegabytes(bytes)}  ${folder.split('node_modules/').at(-1)}`);
}
console.log(`${inMegabytes(total)}  ${folders.length} packages`);
