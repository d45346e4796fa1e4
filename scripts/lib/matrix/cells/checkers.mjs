import { join } from 'node:path';

import { succeed } from '../succeed.mjs';

const programs = {
  publint: ['publint/src/cli.js', '--strict'],
  '@arethetypeswrong/cli': ['@arethetypeswrong/cli/dist/index.js', '--no-emoji'],
};

export const checkers = Object.entries(programs).map(([name, [file, ...options]]) => ({
  group: 'The archive',
  title: `\`${name}\` without findings`,
  quick: true,
  async run(bench) {
    const modules = await bench.programs('checkers');
    await succeed(process.execPath, [join(modules, file), ...options, bench.archive], { cwd: modules });
    return bench.versionsOf(modules, name);
  },
}));
