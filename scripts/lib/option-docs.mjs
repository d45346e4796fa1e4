// The tables of docs/configuration.md, made of the option table: its entries, and their doc comments.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import ts from 'typescript';

import { root } from './process.mjs';

const library = join(root, 'libs', 'cache-infra', 'src');
const guides = 'https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/';
const firstRelease = '0.1.0';

/** Where the tables stand. */
export const page = 'docs/configuration.md';
/** The modules that {@link optionTables} takes, by the files that they are made of. */
export const modules = {
  table: 'cache/contract/option-table',
  options: 'config/options',
  presets: 'config/presets',
  environment: 'config/environment',
};

/** The text of the page with its tables as they should be: between `<!-- options: name -->` and `<!-- end -->`. */
export function withTables(text, tables) {
  const left = new Set(Object.keys(tables));
  const made = text.replaceAll(/(<!-- options: (\w+) -->\n).*?(\n<!-- end -->)/gs, (_, start, name, end) => {
    if (!left.delete(name)) throw new Error(`${page}: no table is called ${name}, or it stands there twice`);
    return `${start}\n${tables[name]}${end}`;
  });
  if (left.size > 0) throw new Error(`${page} lacks the tables ${[...left].join(', ')}`);
  return made;
}

/**
 * The tables by name.
 *
 * @throws Error when an option has no doc comment, or its `@default` is not the default of its entry
 */
export async function optionTables({ table, options, presets, environment }) {
  const comments = new Map();
  for (const file of Object.values(modules)) await readComments(file, comments);
  const rowsOf = (entries) =>
    Object.entries(entries).map(([name, option]) => optionRow(name, option, comments.get(name)));
  const own = (entries, ...others) =>
    Object.fromEntries(
      Object.entries(entries).filter(([name]) => !others.some((other) => Object.hasOwn(other, name))),
    );
  const head = ['option', 'unit', 'default', 'what it does'];
  const { baseOptions, memoryOptions, redisOptions, serverOptions } = table;
  const { baseAdvancedOptions, advancedOptions } = table;

  return {
    base: markdownTable(head, rowsOf(baseOptions)),
    memory: markdownTable(head, rowsOf(own(memoryOptions, baseOptions))),
    redis: markdownTable(head, rowsOf(own(redisOptions, baseOptions))),
    advanced: markdownTable(head, rowsOf(baseAdvancedOptions)),
    advancedRedis: markdownTable(head, rowsOf(own(advancedOptions, baseAdvancedOptions))),
    server: markdownTable(head, rowsOf(serverOptions)),
    factory: markdownTable(head, rowsOf(own(options.configOptions, redisOptions))),
    ways: markdownTable(
      ['way', '`defaultTtl`', 'entries in memory', '`compressionThreshold`'],
      ways(options),
    ),
    presets: markdownTable(['preset', '`defaultTtl`', 'entries in memory', 'also'], presetRows(presets)),
    variables: markdownTable(['variable', 'option', 'unit'], variableRows(options, environment, comments)),
  };
}

function optionRow(name, option, comment) {
  if (comment === undefined || comment.text === '') throw new Error(`${name} has no doc comment`);
  if (option.default !== undefined && !isSame(valueOf(comment.default), option.default)) {
    const given = JSON.stringify(option.default);
    throw new Error(`${name}: its comment says @default ${comment.default}, its entry ${given}`);
  }
  const see = comment.see.map(linkTo).join(', ');
  const since = comment.since === firstRelease ? '' : ` Since ${comment.since}.`;
  const what = `${comment.text}${since}${see === '' ? '' : ` See ${see}.`}`;
  return [code(name), option.unit, shown(comment.default), what];
}

/** `@see` is a full address, for editors. A section of the page itself is called by its heading. */
function linkTo(address) {
  if (!address.startsWith(guides)) throw new Error(`not a page of the guides: ${address}`);
  const target = address.slice(guides.length);
  const [file, section = ''] = target.split('#');
  if (page.endsWith(`/${file}`)) return `[${section.replaceAll('-', ' ')}](#${section})`;
  return `[${target.replace(/\.md.*/, '')}](${target})`;
}

function ways({ webAppOptionSet, aiAppOptionSet, testingOptionSet, configOptionSet, memoryEntries }) {
  const rows = [
    ['`forWebApp`', webAppOptionSet],
    ['`forAiApp`, `CacheInfraModule.forAi`', aiAppOptionSet],
    ['`forTesting`', testingOptionSet],
    ['`createCacheFromConfig`, `create`, `forRoot`', configOptionSet],
  ];
  return rows.map(([way, { defaults }]) => {
    const { defaultTtl, l1CacheSize, compressionThreshold } = defaults;
    const isConfig = defaults === configOptionSet.defaults;
    const entries = isConfig
      ? `${number(memoryEntries)}; ${number(l1CacheSize)} before Redis`
      : number(l1CacheSize);
    return [way, number(defaultTtl), entries, number(compressionThreshold)];
  });
}

function presetRows({ presets }) {
  return Object.entries(presets).map(([name, { defaultTtl, l1CacheSize, useMemoryCache, ...others }]) => {
    const also = Object.entries(others).map(([option, value]) => code(`${option}: ${value}`));
    const home = useMemoryCache === true ? ['memory unless Redis is named'] : [];
    return [code(name), number(defaultTtl), number(l1CacheSize), [...home, ...also].join('; ')];
  });
}

function variableRows({ configOptions }, { otherVariables }, comments) {
  const options = Object.entries(configOptions).filter(([, { variable }]) => variable !== undefined);
  return [
    ...options.map(([name, { variable, unit, textForm }]) => [code(variable), code(name), textForm ?? unit]),
    ...Object.keys(otherVariables).map((name) => [code(name), '', comments.get(name)?.text ?? '']),
  ];
}

/** The doc comments of the entries of the constants in a file, by the name of the entry. */
async function readComments(file, into) {
  const path = join(library, `${file}.ts`);
  const source = ts.createSourceFile(path, await readFile(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const visit = (node) => {
    if (ts.isPropertyAssignment(node)) {
      const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
      if (comment !== undefined) into.set(node.name.text, commentOf(comment));
    } else {
      ts.forEachChild(node, visit);
    }
  };
  visit(source);
}

function commentOf(comment) {
  const text = (part) => oneLine(ts.getTextOfJSDocComment(part.comment) ?? '');
  // The parser takes the scheme of an address for a name.
  const address = (part) =>
    oneLine(
      part
        .getText()
        .replace(/^@see\s*/, '')
        .replaceAll(/\n\s*\*/g, ' '),
    );
  const tagged = (name) => (comment.tags ?? []).filter(({ tagName }) => tagName.text === name);
  const [value] = tagged('default');
  const [since] = tagged('since');
  return {
    text: text(comment),
    default: value === undefined ? '' : text(value),
    since: since === undefined ? firstRelease : text(since),
    see: tagged('see').map(address),
  };
}

function oneLine(text) {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** The value that a `@default` says. */
function valueOf(text) {
  const [, quoted] = /^'(.*)'$/.exec(text) ?? [];
  if (quoted !== undefined) return quoted;
  const [, size] = /^(\d+) MiB$/.exec(text) ?? [];
  if (size !== undefined) return Number(size) * 1024 * 1024;
  return /^[\d,.]+$/.test(text) ? Number(text.replaceAll(',', '')) : JSON.parse(text);
}

function isSame(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A value as code, words as they are. */
function shown(text) {
  return /^('[^']*'|true|false|\{\})$/.test(text) ? code(text) : text;
}

function code(text) {
  return `\`${text}\``;
}

function number(value) {
  if (value === undefined) return '';
  return value < 10_000 ? String(value) : value.toLocaleString('en-US');
}

/** As Prettier would write it. */
function markdownTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => cell + ' '.repeat(widths[column] - [...cell].length)).join(' | ')} |`;
  const [first, ...others] = cells.map(line);
  return [first, line(widths.map((width) => '-'.repeat(width))), ...others, ''].join('\n');
}
