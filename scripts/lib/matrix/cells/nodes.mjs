import { compile, startOnEach } from '../build.mjs';
import { succeed } from '../succeed.mjs';

const applications = [
  { title: 'NestJS 11, CommonJS', installation: 'nest-11' },
  { title: 'NestJS 12, ESM', installation: 'nest-12', modules: 'esm' },
];

export const nodes = [20, 22, 24].flatMap((major) =>
  applications.map(({ title, installation, modules }) => ({
    group: 'Node',
    title: `Node ${major}, ${title}`,
    async run(bench) {
      const node = await bench.node(major);
      const folder = await bench.application(installation, { modules });
      await compile(folder);
      await startOnEach(folder, { node });
      const version = await succeed(node, ['--version'], { cwd: folder });
      return `node ${version.trim().slice(1)}, ${await bench.versions(installation, '@nestjs/core')}`;
    },
  })),
);
