import { cp } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from '../../process.mjs';
import { succeed } from '../succeed.mjs';

const programs = join(root, 'test', 'matrix', 'both-builds');

export const bothBuilds = [11, 12].map((major) => ({
  group: 'Both builds in one application',
  title: `NestJS ${major}: a CommonJS application with an ESM dependency, both inject \`Cache\``,
  quick: major === 11,
  async run(bench) {
    const folder = await bench.emptyFolder(`nest-${major}`);
    await cp(programs, folder, { recursive: true });
    await succeed(process.execPath, ['main.cjs'], { cwd: folder });
    return bench.versions(`nest-${major}`, '@nestjs/core');
  },
}));
