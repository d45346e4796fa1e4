// The ESLint rule that holds the arrows between the rooms of the library: which folder may import which, which package
// is used where, and that no files import each other in a ring.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';

const ground = ['keys', 'values', 'base'];
const belowTiers = ['codec', ...ground];
const belowCache = ['tiers', ...belowTiers];
const belowRooms = ['cache/contract', ...belowCache];
const belowDeciding = ['cache/observe', 'cache/entry', ...belowRooms];
const belowConfig = ['monitoring', 'cache', ...belowCache];
const belowNestjs = ['fleet', 'config', 'ai', ...belowConfig];
const all = ['nestjs', ...belowNestjs];

/** Room → what it may import: rooms, with the rooms inside of them. */
export const arrows = {
  base: [],
  values: ['base'],
  keys: ['base'],
  codec: ground,
  // The port names the client's type, and nothing else of a driver.
  tiers: ['tiers/redis/options.ts', ...belowTiers],
  'tiers/memory': ['base'],
  'tiers/redis': ['tiers/remote-tier.ts', ...belowTiers],
  'tiers/coherence': ['tiers/redis', ...belowTiers],
  cache: ['cache', ...belowCache],
  'cache/contract': belowCache,
  'cache/entry': belowRooms,
  'cache/observe': belowRooms,
  'cache/recover': belowDeciding,
  'cache/invalidate': ['cache/recover', ...belowDeciding],
  'cache/lock': ['cache/invalidate', ...belowDeciding],
  'cache/read': ['cache/invalidate', 'cache/recover', ...belowDeciding],
  'cache/write': ['cache/invalidate', 'cache/recover', ...belowDeciding],
  'cache/load': ['cache/read', 'cache/write', 'cache/invalidate', 'cache/recover', ...belowDeciding],
  monitoring: ['cache', ...belowCache],
  ai: ['ai', 'cache', ...belowCache],
  'ai/request': belowCache,
  'ai/answer': ['cache', ...belowCache],
  'ai/savings': ['ai/answer', ...belowCache],
  'ai/alike': ['ai/call', 'ai/request', 'ai/answer', 'cache', ...belowCache],
  'ai/call': ['ai/alike/alike-options.ts', 'ai/savings', 'ai/answer', 'ai/request', 'cache', ...belowCache],
  'ai/stream': ['ai/call', 'ai/answer', 'cache', ...belowCache],
  'ai/batch': ['ai/call', 'ai/answer', 'ai/request', 'cache', ...belowCache],
  config: belowConfig,
  nestjs: all,
  'nestjs/registry': belowNestjs,
  'nestjs/vary': ['nestjs/registry', ...belowNestjs],
  'nestjs/decorators': ['nestjs/vary', 'nestjs/registry', ...belowNestjs],
  'nestjs/observe': ['nestjs/decorators', 'nestjs/vary', 'nestjs/registry', ...belowNestjs],
  'nestjs/http/rules': belowNestjs,
  'nestjs/ai': ['nestjs/http/rules', ...belowNestjs],
  'nestjs/http/adapter': [
    ...['nestjs/http/rules', 'nestjs/observe', 'nestjs/decorators', 'nestjs/vary', 'nestjs/registry'],
    ...belowNestjs,
  ],
  'nestjs/module': all,
  benchmarks: all,
  cli: ['config', 'benchmarks', 'dashboard', 'fleet', 'monitoring', 'cache', ...belowCache],
  testing: [...all, 'benchmarks'],
  keyv: ['cache', 'base'],
  throttler: ['cache', 'tiers', 'base'],
  compat: ['config', 'keyv', 'cache', 'base'],
  metrics: ['ai', 'cache', 'base'],
  prometheus: ['nestjs/registry', 'metrics', 'monitoring', 'ai', 'cache', 'base'],
  otel: ['nestjs/registry', 'metrics', 'ai', 'cache', 'base', 'keys'],
  fleet: ['monitoring', 'ai', 'config', 'cache', ...belowCache],
  dashboard: [
    ...['dashboard/nest/cache-dashboard.module.ts', 'dashboard/nest/dashboard-options.ts'],
    ...['fleet', 'monitoring', 'ai', 'cache', ...belowCache],
  ],
  // It takes the summary of this instance where the application publishes it.
  'dashboard/nest': [
    ...[
      'nestjs/registry',
      'nestjs/module/fleet-publication.ts',
      'config/in-production.ts',
      'dashboard',
      'fleet',
      'monitoring',
      'ai',
      'cache',
    ],
    ...belowCache,
  ],
  // Code for a browser: of the library it knows the shape of the data alone.
  'dashboard/page/client': [
    'dashboard/state.ts',
    'fleet/summary.ts',
    'monitoring/windows',
    'ai',
    'cache/contract',
  ],
  openai: ['ai', 'cache', 'base', 'keys'],
  'ai-sdk': ['ai', 'cache', 'base', 'keys'],
  langchain: ['ai', 'cache', 'base', 'keys'],
  cdn: ['nestjs/http', 'nestjs/observe', 'cache/contract', 'base'],
};

/** Package → the folders that may import it. */
export const packages = [
  {
    name: /^@nestjs\//,
    folders: ['nestjs', 'testing', 'compat', 'cdn', 'prometheus', 'otel', 'dashboard/nest'],
  },
  { name: /^prom-client$/, folders: ['prometheus'] },
  { name: /^@opentelemetry\//, folders: ['otel'] },
  { name: /^ioredis$/, folders: ['tiers', 'testing'] },
  { name: /^class-validator$/, folders: ['config'] },
  { name: /^@langchain\//, folders: ['langchain'] },
];

/** The engine holds every collaborator of a cache: only the facade and the assembly beside it may know it. */
const engine = { file: 'cache/engine.ts', room: 'cache' };

const source = ['libs', 'cache-infra', 'src'].join(sep) + sep;

export default {
  meta: {
    type: 'problem',
    docs: { description: 'Imports follow the arrows between the rooms of the library, and form no ring.' },
    messages: {
      room: '{{from}} may not import from {{to}}: see the arrows in scripts/eslint/arrows.mjs.',
      ring: 'this import closes a ring: {{to}} imports this file, directly or by way of others.',
      engine:
        'only the facade and the assembly in cache/ import the engine: name what you need of it instead.',
      package: "'{{name}}' is imported by {{allowed}} only, not by {{from}}.",
    },
    schema: [],
  },
  create(context) {
    const path = relative(context.cwd, context.filename);
    if (!path.startsWith(source)) return {};
    const file = path.slice(source.length).split(sep).join('/');
    const isSpec = file.endsWith('.spec.ts');

    const check = (node) => {
      if (typeof node?.value !== 'string') return;
      const problem = node.value.startsWith('.')
        ? importProblem(context.cwd, file, target(context.cwd, path, node.value), isSpec)
        : packageProblem(file, node.value, isSpec);
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

/** The file that a specifier names, relative to the library's source. */
function target(cwd, path, specifier) {
  const resolved = relative(cwd, resolve(cwd, dirname(path), specifier)).slice(source.length);
  return resolved.split(sep).join('/').replace(/\.js$/, '.ts');
}

/** The room of a file: the longest folder that the arrows name; undefined for a file beside the folders. */
function roomOf(file) {
  for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) {
    if (folder in arrows) return folder;
  }
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : undefined;
}

function importProblem(cwd, from, to, isSpec) {
  // A test puts a room together with what stands above it, rather than with a double of it.
  if (isSpec) return undefined;
  if (to === engine.file && roomOf(from) !== engine.room) return { messageId: 'engine' };
  const [room, other] = [roomOf(from), roomOf(to)];
  if (room !== other && !isAllowed(room, to)) {
    return { messageId: 'room', data: { from: label(room), to: label(other) } };
  }
  const rings = ringsOf(join(cwd, source));
  const isRing = rings.has(from) && rings.get(from) === rings.get(to);
  return isRing ? { messageId: 'ring', data: { to } } : undefined;
}

/** Beside the folders stands index.ts alone, which hands on what they export. */
function isAllowed(room, to) {
  const allowed = room === undefined ? all : (arrows[room] ?? []);
  return allowed.some((each) => to === each || to.startsWith(`${each}/`));
}

function packageProblem(file, specifier, isSpec) {
  const rule = packages.find(({ name }) => name.test(specifier));
  if (rule === undefined || rule.folders.some((folder) => file.startsWith(`${folder}/`))) return undefined;
  // A spec of what reaches a server speaks to that server itself.
  if (isSpec && specifier === 'ioredis') return undefined;
  return {
    messageId: 'package',
    data: { name: specifier, allowed: rule.folders.map(label).join(', '), from: label(roomOf(file)) },
  };
}

function label(room) {
  return room === undefined ? 'a file beside the folders' : `${room}/`;
}

const known = new Map();

/** File → the number of the ring that it belongs to, for those that belong to one. */
function ringsOf(folder) {
  if (!known.has(folder)) known.set(folder, findRings(importsIn(folder)));
  return known.get(folder);
}

export function importsIn(folder) {
  const files = readdirSync(folder, { recursive: true })
    .map((name) => name.split(sep).join('/'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
        ([, it]) => it,
      );
      const imported = specifiers.map((it) => posix.join(posix.dirname(file), it).replace(/\.js$/, '.ts'));
      return [file, imported];
    }),
  );
}

/** Strongly connected components (Tarjan, "Depth-first search and linear graph algorithms", 1972). */
export function findRings(imports) {
  const rings = new Map();
  const order = new Map();
  const lowest = new Map();
  const stack = [];
  const visit = (file) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file));
    stack.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!imports.has(next)) continue;
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) lowest.set(file, Math.min(lowest.get(file), lowest.get(next)));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const ring = stack.splice(stack.indexOf(file));
    if (ring.length > 1) for (const each of ring) rings.set(each, order.get(file));
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return rings;
}
