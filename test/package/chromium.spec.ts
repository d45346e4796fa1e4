import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jest } from '@jest/globals';

import { importTool } from '../support/repository.js';

interface Tool {
  acquireChromium(options: {
    env: Record<string, string>;
    isRoot: boolean;
  }): Promise<{ path: string; version: string }>;
}

const { acquireChromium } = await importTool<Tool>('scripts/lib/chromium.mjs');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chromium-'));
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** A program of this name in the folder, as a shell script. */
async function program(name: string, script: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

const says = (version: string) => `echo "${version}"`;

describe('the Chromium of the browser tests', () => {
  it('is the one under CHROMIUM_PATH', async () => {
    const path = await program('my-browser', says('Chromium 1.2.3'));
    await program('chromium', says('Chromium 9'));

    expect(await acquireChromium({ env: { CHROMIUM_PATH: path, PATH: folder }, isRoot: false })).toEqual({
      path,
      version: 'Chromium 1.2.3',
    });
  });

  it('is refused by name if there is none under CHROMIUM_PATH', async () => {
    const env = { CHROMIUM_PATH: join(folder, 'absent'), PATH: folder };
    await program('chromium', says('Chromium 9'));

    await expect(acquireChromium({ env, isRoot: true })).rejects.toThrow(
      `CHROMIUM_PATH is not a program that can be run: ${env.CHROMIUM_PATH}`,
    );
  });

  it('is the first of the known names on the PATH', async () => {
    await program('google-chrome', says('Google Chrome 8'));
    const path = await program('chromium', says('Chromium 9'));

    expect((await acquireChromium({ env: { PATH: `/nowhere:${folder}` }, isRoot: false })).path).toBe(path);
  });

  it('is installed by apt-get as root, after an update if the package is not known yet', async () => {
    const chromium = join(folder, 'chromium');
    const log = join(folder, 'log');
    await program(
      'apt-get',
      [
        `echo "$*" >> ${log}`,
        `[ "$1" = update ] && { : > ${folder}/updated; exit 0; }`,
        `[ -e ${folder}/updated ] || exit 100`,
        `printf '#!/bin/sh\\necho Chromium 7\\n' > ${chromium}; /bin/chmod +x ${chromium}`,
      ].join('\n'),
    );

    expect(await acquireChromium({ env: { PATH: folder }, isRoot: true })).toEqual({
      path: chromium,
      version: 'Chromium 7',
    });
  });

  it('is no silent skip: without any, the error lists the ways, and what apt-get said', async () => {
    await program('apt-get', 'echo "E: Unable to locate package chromium" >&2; exit 100');

    await expect(acquireChromium({ env: { PATH: folder }, isRoot: false })).rejects.toThrow(
      /No Chromium for the tests\. .*CHROMIUM_PATH.*google-chrome.*"apt-get install -y chromium"$/,
    );
    await expect(acquireChromium({ env: { PATH: folder }, isRoot: true })).rejects.toThrow(
      /apt-get failed here: [^]*Unable to locate package chromium/,
    );
  });

  it('must start', async () => {
    const path = await program('chromium-browser', 'echo "requires the snap" >&2; exit 1');

    await expect(acquireChromium({ env: { PATH: folder }, isRoot: false })).rejects.toThrow(
      `The Chromium at ${path} does not start`,
    );
  });
});
