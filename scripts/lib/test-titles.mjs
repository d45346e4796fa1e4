// The titles of the tests in a spec, read from its source: no test runs.
import ts from 'typescript';

const blocks = new Set(['describe', 'it', 'test']);

/**
 * @typedef {{ kind: 'describe' | 'test', title: string, inside: Title[] }} Title a block, and the blocks in it
 */

/**
 * The titles of a spec, nested as its blocks are. Each row of `each` is a title of its own, if the spec has the rows as
 * literals; otherwise there is one title, with `…` for what differs.
 *
 * @param {string} path for messages of the parser
 * @param {string} text the source
 * @returns {Title[]}
 */
export function titlesOf(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const constants = constantsOf(source);
  const found = [];
  const visit = (node, into) => {
    const made = ts.isCallExpression(node) ? blocksOf(node, constants) : [];
    if (made.length === 0) {
      ts.forEachChild(node, (child) => visit(child, into));
      return;
    }
    const inside = [];
    for (const argument of node.arguments) visit(argument, inside);
    into.push(...made.map((block) => ({ ...block, inside })));
  };
  visit(source, found);
  return found;
}

/** The blocks that a call makes: `it(…)` makes one, `describe.each(…)(…)` one for each row. */
function blocksOf({ expression, arguments: [title, body] }, constants) {
  if (title === undefined || body === undefined) return [];
  const { name, table } = calledBy(expression);
  if (!blocks.has(name)) return [];
  const kind = name === 'describe' ? 'describe' : 'test';
  const text = textOf(title);
  const rows = table === undefined ? [undefined] : rowsOf(table, constants);
  return rows.map((row) => ({ kind, title: withValues(text, row), inside: [] }));
}

/** The name of the block, and its table: of `it`, `it.each(table)`, `` it.each`…` ``. */
function calledBy(expression) {
  if (ts.isIdentifier(expression)) return { name: expression.text };
  if (ts.isTaggedTemplateExpression(expression)) return { ...calledBy(expression.tag), table: expression };
  if (ts.isPropertyAccessExpression(expression)) {
    // `describe.each(table)` alone: the call of its result makes the blocks.
    return expression.name.text === 'each' ? {} : calledBy(expression.expression);
  }
  if (ts.isCallExpression(expression) && ts.isPropertyAccessExpression(expression.expression)) {
    const { expression: target, name } = expression.expression;
    if (name.text === 'each') return { ...calledBy(target), table: expression.arguments[0] };
  }
  return {};
}

/** The constants of the file that are lists, by name. */
function constantsOf(source) {
  const found = new Map();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      const value = initializer && bare(initializer);
      if (value && ts.isIdentifier(name) && ts.isArrayLiteralExpression(value)) found.set(name.text, value);
    }
  }
  return found;
}

/** The rows of a table, each as its values by position and by name; one row without values if they are not literals. */
function rowsOf(table, constants) {
  const list = ts.isIdentifier(table) ? constants.get(table.text) : bare(table);
  if (list === undefined || !ts.isArrayLiteralExpression(list) || list.elements.some(ts.isSpreadElement))
    return [{}];
  return list.elements.map((element) => {
    const row = bare(element);
    if (ts.isArrayLiteralExpression(row)) return { values: row.elements.map(literalOf) };
    if (!ts.isObjectLiteralExpression(row)) return { values: [literalOf(row)] };
    const named = row.properties
      .filter((property) => ts.isPropertyAssignment(property))
      .map((property) => [property.name.getText(), literalOf(bare(property.initializer))]);
    return { values: [], named: Object.fromEntries(named) };
  });
}

/** An expression without `as const` and parentheses. */
function bare(node) {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return bare(node.expression);
  return node;
}

function literalOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  const isPlain =
    ts.isNumericLiteral(node) || [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword].includes(node.kind);
  return isPlain ? node.getText() : undefined;
}

/** A title with the values of a row in place of `%s` and `$name`. */
function withValues(title, row) {
  if (row === undefined) return title;
  const values = [...(row.values ?? [])];
  return title
    .replaceAll(/%[sdijpo]/g, () => shown(values.shift()))
    .replaceAll(/\$([a-z]\w*)/gi, (_, name) => shown(row.named?.[name]));
}

function textOf(node) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  return '…';
}

function shown(value) {
  return value === '' ? "''" : (value ?? '…');
}
