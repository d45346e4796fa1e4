import { compile, startOnEach } from '../build.mjs';

const application = ({ title, installation, modules, quick = false }) => ({
  group: 'Applications, compiled by `tsc`',
  title: `${title}, on Express and Fastify`,
  quick,
  async run(bench) {
    const folder = await bench.application(installation, { modules });
    await compile(folder);
    await startOnEach(folder);
    return bench.versions(installation, '@nestjs/core', 'typescript');
  },
});

export const applications = [
  application({ title: 'NestJS 12, ESM', installation: 'nest-12', modules: 'esm', quick: true }),
  application({ title: 'NestJS 12, CommonJS', installation: 'nest-12' }),
  application({ title: 'NestJS 11, CommonJS', installation: 'nest-11' }),
  application({ title: 'NestJS 10.4, CommonJS', installation: 'nest-10' }),
];
