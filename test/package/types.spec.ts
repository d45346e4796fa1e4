import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import ts from 'typescript';

import { root } from '../support/repository.js';

const folder = join(root, 'test', 'types');
const names = (await readdir(folder)).filter((name) => name.endsWith('.ts'));
const files = names.map((name) => join(folder, name));

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
  config: object;
};
const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);

/** What the compiler says about a file: a wrong type that compiles is an unused `@ts-expect-error`. */
function errorsIn(program: ts.Program, path: string): string[] {
  const source = program.getSourceFile(path);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return found.map(({ messageText, start = 0 }) => {
    const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
    return `${String(line)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

describe('the public types (issue: shown by 5)', () => {
  let program: ts.Program;
  beforeAll(() => {
    program = ts.createProgram(files, options);
  }, 120_000);

  it.each(names)(
    'test/types/%s: right code compiles, wrong code does not',
    (name) => {
      expect(errorsIn(program, join(folder, name))).toEqual([]);
    },
    120_000,
  );
});

/** The options in the calls of a file, with what an editor shows of each. */
function documentedOptions(program: ts.Program, path: string): Map<string, string> {
  const checker = program.getTypeChecker();
  const found = new Map<string, string>();
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isObjectLiteralExpression(node.parent)) {
      const name = node.name.getText();
      const property = checker.getContextualType(node.parent)?.getProperty(name);
      const decorator = node.parent.parent.getText().split('<')[0] ?? '';
      const text = ts.displayPartsToString(property?.getDocumentationComment(checker));
      found.set(`${decorator} ${name}`, text);
    }
    ts.forEachChild(node, visit);
  };
  const source = program.getSourceFile(path);
  if (source !== undefined) visit(source);
  return found;
}

describe('an editor', () => {
  it('T88: shows what each option of a named method is for', () => {
    const path = join(folder, 'editor.ts');
    const shown = documentedOptions(ts.createProgram([path], options), path);
    expect([...shown.keys()]).toContain('Cacheable unless');
    expect([...shown].filter(([, text]) => text === '').map(([name]) => name)).toEqual([]);
  }, 120_000);
});
