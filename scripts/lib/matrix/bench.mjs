// Where cells work: a temporary folder with the packed library, and with the packages that a cell asks for.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { packLibrary } from '../pack.mjs';
import { root } from '../process.mjs';
import { acquireRedis } from '../redis.mjs';
import { installation, linkPackages } from './installations.mjs';
import { succeed } from './succeed.mjs';

export class Bench {
  #folder;
  #archive;
  /** Folders by the name of their installation. */
  #linked = new Map();
  #applications = 0;
  #preparing = 0;
  #redis;

  constructor(folder, archive) {
    this.#folder = folder;
    this.#archive = archive;
  }

  static async open() {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-matrix-'));
    try {
      return new Bench(folder, (await packLibrary(folder)).archive);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async close() {
    await (await this.#redis)?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The packed library. */
  get archive() {
    return this.#archive;
  }

  /** How long it took to install packages so far, in milliseconds: a cache may have them. */
  get preparing() {
    return this.#preparing;
  }

  /** The address of a Redis, which is started when a cell first asks for it. */
  async redisUrl() {
    this.#redis ??= acquireRedis();
    return (await this.#redis).url;
  }

  /** The folder in which programs of an installation stand: `packages.mjs` says which. */
  async programs(name) {
    return join(await this.#prepare(() => installation(name, this.#archive)), 'node_modules');
  }

  /** A folder whose packages are those of an installation, and nothing above it. */
  async folder(name) {
    const linked = this.#linked.get(name) ?? this.#prepare(() => this.#link(name));
    this.#linked.set(name, linked);
    return linked;
  }

  async #link(name) {
    const installed = await installation(name, this.#archive);
    const folder = join(this.#folder, name);
    await linkPackages(installed, folder, this.#archive);
    return folder;
  }

  async #prepare(work) {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#preparing += performance.now() - start;
    }
  }

  /** The path of a Node of this major. */
  async node(major) {
    return join(await this.programs(`node-${major}`), `node-${major}`, 'bin', 'node');
  }

  /** The versions of installed packages, for people: `@nestjs/core 12.5.1, typescript 6.0.3`. */
  async versions(name, ...packages) {
    return this.versionsOf(join(await this.folder(name), 'node_modules'), ...packages);
  }

  async versionsOf(modules, ...packages) {
    const texts = packages.map(async (id) => {
      const manifest = await readFile(join(modules, id, 'package.json'), 'utf8');
      return `${id} ${JSON.parse(manifest).version}`;
    });
    return (await Promise.all(texts)).join(', ');
  }

  /**
   * A new application as `nest new` makes it, with the sources of a program.
   *
   * @param name the installation
   * @param options `modules`: `'esm'`, or `'commonjs'` (default); `program`: a folder of `test/matrix`, by default
   * `application`
   */
  async application(name, { modules = 'commonjs', program = 'application' } = {}) {
    const parent = await this.folder(name);
    this.#applications += 1;
    const own = `app-${this.#applications}`;
    const folder = join(parent, own);
    await scaffold(await this.programs(`nest-new-${name.split('-')[1]}`), folder, modules);
    // Tools look for packages beside the application.
    await symlink(join('..', 'node_modules'), join(folder, 'node_modules'));
    await copySources(program, join(folder, 'src'), modules);
    return folder;
  }

  /** An empty folder without packages. */
  async bareFolder() {
    this.#applications += 1;
    const folder = join(this.#folder, 'bare', String(this.#applications));
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** An empty folder beside the packages of an installation. */
  async emptyFolder(name) {
    this.#applications += 1;
    const folder = join(await this.folder(name), `app-${this.#applications}`);
    await mkdir(folder);
    await symlink(join('..', 'node_modules'), join(folder, 'node_modules'));
    return folder;
  }
}

/** Does what `nest new` does: calls a schematic. */
async function scaffold(programs, folder, modules) {
  const [name, parent] = [basename(folder), dirname(folder)];
  const cli = join(programs, '@angular-devkit/schematics-cli/bin/schematics.js');
  const collection = join(programs, '@nestjs/schematics/dist/collection.json');
  // NestJS 12 asks for the kind of modules; before, there is one.
  const asks = existsSync(join(programs, '@nestjs/schematics/dist/lib/application/files/ts-esm'));
  const type = asks ? [`--type=${modules === 'esm' ? 'esm' : 'cjs'}`] : [];
  const args = [cli, `${collection}:application`, `--name=${name}`, '--language=ts', '--no-dry-run', ...type];
  await succeed(process.execPath, args, { cwd: parent });
}

/** Copies the sources of a program; for CommonJS as they are written there, without endings in imports. */
export async function copySources(program, to, modules) {
  await mkdir(to, { recursive: true });
  await cp(join(root, 'test', 'matrix', program, 'src'), to, { recursive: true });
  if (modules === 'esm') return;
  for (const name of await readdir(to)) {
    const file = join(to, name);
    const code = await readFile(file, 'utf8');
    await writeFile(file, code.replaceAll(/(from '\.\/[^']+)\.js'/g, "$1'"));
  }
}
