/** The value of a header field, as Node represents it. */
export type FieldValue = number | string | readonly string[];

/** Header fields by lower-case name. */
export type Fields = Readonly<Record<string, FieldValue | undefined>>;

/** The value of a field, with its lines joined by commas (RFC 9110 §5.3); undefined if absent. */
export function fieldText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  return typeof value === 'object' ? value.join(', ') : String(value);
}

/** The members of a field that is a list of tokens, in lower case: `Vary`, `Connection`. */
export function fieldTokens(fields: Fields, name: string): readonly string[] {
  return tokens(fieldText(fields, name) ?? '');
}

/** The members of a comma-separated list of tokens, in lower case, empty ones left out (RFC 9110 §5.6.1). */
export function tokens(list: string): readonly string[] {
  return list
    .split(',')
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}

/**
 * The members of a list with quoted strings, which may contain commas (RFC 9110 §5.6.4). An unclosed quote is an
 * ordinary character. Runs in linear time: clients write such fields.
 */
export function listMembers(list: string): readonly string[] {
  const members: string[] = [];
  let start = 0;
  let closing = 0;
  for (let at = 0; at < list.length; at++) {
    if (list[at] === '"' && closing !== -1) {
      closing = closingQuote(list, at);
      if (closing !== -1) at = closing;
    } else if (list[at] === ',') {
      members.push(list.slice(start, at));
      start = at + 1;
    }
  }
  members.push(list.slice(start));
  return members.map((member) => member.trim()).filter((member) => member !== '');
}

/** -1 if no quote closes it, and then no later quote is closed either. */
function closingQuote(list: string, opening: number): number {
  for (let at = opening + 1; at < list.length; at++) {
    if (list[at] === '\\') at++;
    else if (list[at] === '"') return at;
  }
  return -1;
}
