import { assertOptions, nonEmptyString, type Check, type Checks } from '../base/checks.js';

/** An `http` or `https` URL without credentials. Messages do not show it. */
const apiUrl: Check = (value) => {
  const problem = nonEmptyString(value);
  if (problem !== undefined) return problem;
  if (!URL.canParse(value as string)) return 'must be a URL';
  const { protocol, username, password } = new URL(value as string);
  if (protocol !== 'https:' && protocol !== 'http:') return 'must start with https:// or http://';
  return username === '' && password === '' ? undefined : 'must not contain credentials';
};

/** A token that a header field can hold: a line break is a frequent mistake with tokens from files. */
const headerText: Check = (value) =>
  nonEmptyString(value) ??
  (/^[\x21-\x7e]+$/.test(value as string)
    ? undefined
    : 'must be printable ASCII without spaces or line breaks');

const common: Checks = { baseUrl: apiUrl, apiToken: headerText };

/** @throws ValidationError that lists every problem and shows no token */
export function assertApiOptions(
  subject: string,
  options: unknown,
  checks: Checks,
  required: readonly string[],
): void {
  assertOptions(subject, options, { ...common, ...checks }, required);
}

/** The URL of an API below `baseUrl`; `segments` are percent-encoded. */
export function apiAddress(baseUrl: string, ...segments: readonly string[]): URL {
  return new URL(`${baseUrl.replace(/\/+$/, '')}/${segments.map(encodeURIComponent).join('/')}`);
}
