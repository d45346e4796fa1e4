/** A text in pieces. */
export interface GistTokens {
  /** Words as they are written, marks (`,` `.` `;` `?` `!`), quotations, and everything else byte by byte. */
  readonly tokens: readonly string[];
  /** The end of the text from a colon on, as it is written: often material to work on, whose every character counts. */
  readonly material: string;
  /** True if the text ends with a question mark. */
  readonly isAsked: boolean;
}

const asciiWord = /^[A-Za-z]+(?:['-][A-Za-z]+)*'?$/;
const word = /^\p{L}\p{M}*(?:['-]?\p{L}\p{M}*)*'?$/u;

/** True for a token of letters, with apostrophes or hyphens between them. */
export function isWord(token: string): boolean {
  return asciiWord.test(token) || word.test(token);
}

export function isMark(token: string | undefined): boolean {
  return token?.length === 1 && ',.;?!'.includes(token);
}

/** Splits a line at its spaces. Undefined if a quotation has no end. */
export function readTokens(line: string): GistTokens | undefined {
  const [text, isAsked] = withoutEnd(line);
  const tokens: string[] = [];
  const mayQuote = /["'`]/.test(text);
  for (let at = skipSpaces(text, 0); at < text.length; at = skipSpaces(text, at)) {
    const quotation = mayQuote ? quotationAt(text, at) : undefined;
    if (quotation !== undefined) {
      // A no-break space keeps the quotation one token; the line has no other.
      tokens.push(quotation.replaceAll(' ', '\u00a0'));
      at += quotation.length;
      continue;
    }
    const chunk = text.slice(at, endOfChunk(text, at));
    if (mayQuote && hasOpenQuotation(chunk)) return undefined;
    at += chunk.length;
    const mark = at < text.length || chunk.length === 1 ? markOf(chunk) : '';
    const core = mark === '' ? chunk : chunk.slice(0, -1);
    if (core !== '') tokens.push(core);
    if (mark === ':') return { tokens, material: text.slice(at), isAsked };
    if (mark !== '') tokens.push(mark);
  }
  return { tokens, material: '', isAsked };
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

function endOfChunk(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ' ' && text[at] !== '\t') at += 1;
  return at;
}

/** The punctuation mark at the end of a chunk; '' for an abbreviation (`e.g.`), an ordinal (`3.`) and an ellipsis. */
function markOf(chunk: string): string {
  const last = chunk.slice(-1);
  if (!',.;:?!'.includes(last)) return '';
  return last === '.' && /[.\d].*\.$/.test(chunk) ? '' : last;
}

/** The quotation that starts here, with its quotation marks, if it ends at the end of a word. */
function quotationAt(text: string, at: number): string | undefined {
  const mark = text[at];
  if (mark !== '"' && mark !== "'" && mark !== '`') return undefined;
  for (let end = text.indexOf(mark, at + 1); end !== -1; end = text.indexOf(mark, end + 1)) {
    if (end + 1 === text.length || ' ,.;:?!'.includes(text.charAt(end + 1))) return text.slice(at, end + 1);
  }
  return undefined;
}

/** True if a chunk has an odd quotation mark, unless it stands for inches: 5". */
function hasOpenQuotation(chunk: string): boolean {
  if (!chunk.includes('"') && !chunk.includes('`')) return false;
  if (/^\d[\d.]*"$/.test(chunk)) return false;
  return chunk.split('"').length % 2 === 0 || chunk.split('`').length % 2 === 0;
}

/**
 * Cuts the final full stop, question or exclamation marks. Marks with a meaning stay: 5!, n!, an ellipsis, `U.S.`, and
 * `save!` in a text that also names `save`.
 */
function withoutEnd(line: string): [text: string, isAsked: boolean] {
  const isAsked = line.endsWith('?');
  let end = line.length;
  while (end > 0 && '?!'.includes(line.charAt(end - 1))) end -= 1;
  const isStop = end === line.length && line.endsWith('.');
  if (isStop) end -= 1;
  const marks = line.slice(end);
  // A lone mark may be an operator; a question mark after a space is French typography.
  if (line.charAt(end - 1) === ' ') return [marks === '?' ? line.slice(0, end - 1) : line, isAsked];
  if (marks === '' || /[.,;:]/.test(line.charAt(end - 1))) return [line, isAsked];
  const start = line.lastIndexOf(' ', end - 1) + 1;
  const last = line.slice(start, end);
  if (isStop) return [last.includes('.') ? line : line.slice(0, end), isAsked];
  const isFactorial = marks.startsWith('!') && (/\d$/.test(last) || last.length === 1);
  const namesBoth = marks.startsWith('!') && ` ${line.slice(0, start)}`.includes(` ${last} `);
  return [isFactorial || namesBoth ? line.replace(/\?+$/, '') : line.slice(0, end), isAsked];
}
