// The ESLint rule that holds the arrows of the library's folders: who may import whom, and which package is used where.
import { dirname, relative, resolve, sep } from 'node:path';

const below = {
  keys: [],
  codec: ['keys'],
  tiers: ['codec', 'keys'],
  cache: ['tiers', 'codec', 'keys'],
  monitoring: ['cache', 'tiers', 'codec', 'keys'],
  ai: ['cache', 'tiers', 'codec', 'keys'],
  config: ['monitoring', 'cache', 'tiers', 'codec', 'keys'],
  nestjs: ['config', 'ai', 'monitoring', 'cache', 'tiers', 'codec', 'keys'],
};
const all = Object.keys(below);

/** Folder → the folders it may import. A file beside the folders, other than index.ts, is a leaf: it imports none. */
export const arrows = {
  ...below,
  benchmarks: all,
  cli: ['config', 'cache', 'benchmarks'],
  testing: [...all, 'benchmarks'],
  keyv: ['cache'],
  compat: ['config', 'cache', 'keyv'],
};

/** Package → the folders that may import it. */
export const packages = [
  { name: /^@nestjs\//, folders: ['nestjs', 'testing', 'compat'] },
  { name: /^ioredis$/, folders: ['tiers', 'testing'] },
  { name: /^lru-cache$/, folders: ['tiers'] },
];

const source = `libs${sep}cache-infra${sep}src${sep}`;

export default {
  meta: {
    type: 'problem',
    docs: { description: 'Imports follow the arrows between the folders of the library.' },
    messages: {
      folder:
        '{{from}} may not import from {{to}}/: the arrows run nestjs → config, ai, monitoring → cache → tiers → codec, keys.',
      package: "'{{name}}' is imported by {{allowed}} only, not by {{from}}.",
    },
    schema: [],
  },
  create(context) {
    const path = relative(context.cwd, context.filename);
    if (!path.startsWith(source)) return {};
    const from = folderOf(path);
    const isSpec = path.endsWith('.spec.ts');

    const check = (node) => {
      if (typeof node?.value !== 'string') return;
      const problem = node.value.startsWith('.')
        ? folderProblem(from, folderOf(resolvedFrom(context.cwd, path, node.value)), isSpec)
        : packageProblem(from, node.value, isSpec);
      if (problem !== undefined) context.report({ node, ...problem });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    };
  },
};

function resolvedFrom(cwd, path, specifier) {
  return relative(cwd, resolve(cwd, dirname(path), specifier));
}

/** `index` and `leaf` are the files beside the folders. */
function folderOf(path) {
  const [first, ...rest] = path.slice(source.length).split(sep);
  if (rest.length > 0) return first;
  return first === 'index.ts' ? 'index' : 'leaf';
}

function folderProblem(from, to, isSpec) {
  if (to === from || to === 'leaf') return undefined;
  // A test puts a folder together with what stands above it, rather than with a double of it.
  if (isSpec) return undefined;
  const allowed = from === 'index' ? all : (arrows[from] ?? []);
  return allowed.includes(to) ? undefined : { messageId: 'folder', data: { from: label(from), to } };
}

function packageProblem(from, specifier, isSpec) {
  const rule = packages.find(({ name }) => name.test(specifier));
  if (rule === undefined || rule.folders.includes(from)) return undefined;
  // A spec of what reaches a server speaks to that server itself.
  if (isSpec && specifier === 'ioredis') return undefined;
  return {
    messageId: 'package',
    data: { name: specifier, allowed: rule.folders.map(label).join(', '), from: label(from) },
  };
}

function label(folder) {
  if (folder === 'index') return 'index.ts';
  return folder === 'leaf' ? 'a file beside the folders' : `${folder}/`;
}
