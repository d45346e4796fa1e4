import { readText } from '../support/repository.js';

/** The instructions of each stage of a Dockerfile, with continued lines joined. */
async function stagesOf(file: string): Promise<string[][]> {
  const text = (await readText(file)).replaceAll('\\\n', ' ');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.reduce<string[][]>((stages, line) => {
    if (line.startsWith('FROM ')) stages.push([]);
    stages.at(-1)?.push(line);
    return stages;
  }, []);
}

describe('the image of the demo', () => {
  const last = async (): Promise<string[]> => (await stagesOf('Dockerfile')).at(-1) ?? [];

  it('runs as a user without rights, and owns none of its files', async () => {
    const stage = await last();

    expect(stage.findIndex((line) => line === 'USER node')).toBeLessThan(
      stage.findIndex((line) => line.startsWith('CMD ')),
    );
    expect(stage).toContain('USER node');
    expect(stage.filter((line) => line.includes('--chown'))).toEqual([]);
  });

  it('says whether it is healthy', async () => {
    expect((await last()).filter((line) => /^HEALTHCHECK .*\/health/.test(line))).toHaveLength(1);
  });

  it('has what production needs alone: no tool, no source, no test', async () => {
    const stages = await stagesOf('Dockerfile');
    const modules = stages.find(([from]) => from?.endsWith(' AS modules')) ?? [];
    const copied = (await last()).filter((line) => line.startsWith('COPY '));

    expect(modules.join(' ')).toContain('npm ci --ignore-scripts --omit=dev');
    expect(copied.length).toBeGreaterThan(3);
    expect(copied.filter((line) => !/^COPY --from=(modules|build) \/app\/[\w/.-]+ /.test(line))).toEqual([]);
    expect(
      copied.filter((line) => line.startsWith('COPY --from=build') && /node_modules|\/src/.test(line)),
    ).toEqual([]);
  });

  it.each(['Dockerfile', 'tests.Dockerfile'])(
    '%s installs by npm install where npm ci fails',
    async (file) => {
      const installs = (await stagesOf(file)).flat().filter((line) => line.includes('npm ci'));

      expect(installs.length).toBeGreaterThan(0);
      for (const line of installs) expect(line).toMatch(/^RUN npm ci (.*)\|\| npm install /);
    },
  );

  it('keeps builds and packages of this machine out of the image', async () => {
    const ignored = (await readText('.dockerignore')).split('\n');

    expect(ignored).toEqual(expect.arrayContaining(['.git', '**/node_modules', '**/dist', 'test-results']));
  });
});
