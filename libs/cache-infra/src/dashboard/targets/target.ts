import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { assertKey } from '../../keys/key.js';
import { compileGlob } from '../../keys/glob.js';
import { namespacePath, rootPath } from '../../keys/namespace.js';
import type { KeyQuestion } from '../dashboard-source.js';
import { DashboardRefusal } from '../refusal.js';
import type { DashboardTarget } from '../state.js';
import { groupPattern } from './group-pattern.js';

/** Most characters of a name, key, tag, group or pattern. */
const maxText = 8192;
const maxNamespaces = 16;

const fieldOf = { key: 'key', tag: 'tag', group: 'group', pattern: 'pattern' } as const;
type Kind = keyof typeof fieldOf;

/**
 * The target of a POST.
 *
 * @throws DashboardRefusal 400 that names the invalid field
 */
export function targetOf(body: unknown): DashboardTarget {
  const fields = isRecord(body) ? body : {};
  const { kind } = fields;
  if (!isKind(kind)) throw invalid('kind', "must be one of 'key', 'tag', 'group', 'pattern'", kind);
  const cache = textOf('cache', fields.cache);
  const namespaces = namespacesOf(fields.namespaces ?? []);
  const text = textOf(kind, fields[kind]);
  const common = { cache, namespaces };
  return checked(kind, () => {
    switch (kind) {
      case 'key':
        assertKey(text);
        return { kind, ...common, key: text };
      case 'tag':
        return { kind, ...common, tag: text };
      case 'group':
        groupPattern(text);
        return { kind, ...common, group: text };
      case 'pattern':
        compileGlob(text);
        return { kind, ...common, pattern: text };
    }
  });
}

/**
 * The key of `GET api/key?cache=&key=&namespace=…`.
 *
 * @throws DashboardRefusal 400 that names the invalid parameter
 */
export function keyQuestionOf(query: URLSearchParams, withValue: boolean): KeyQuestion {
  const key = textOf('key', query.get('key') ?? undefined);
  const cache = textOf('cache', query.get('cache') ?? undefined);
  const namespaces = namespacesOf(query.getAll('namespace'));
  return checked('key', () => {
    assertKey(key);
    return { cache, namespaces, key, withValue };
  });
}

function namespacesOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxNamespaces) {
    throw invalid('namespaces', `must be a list of at most ${String(maxNamespaces)} names`, value);
  }
  const names = value.map((each: unknown) => textOf('namespaces', each));
  return checked('namespaces', () => {
    names.reduce(namespacePath, rootPath);
    return names;
  });
}

function textOf(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= maxText) return value;
  throw invalid(field, `must be a text of 1 to ${String(maxText)} characters`, value);
}

/** The result of `work`, whose `ValidationError` becomes a refusal. */
function checked<T>(field: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ValidationError) throw new DashboardRefusal(400, `${field}: ${error.message}`);
    throw error;
  }
}

function invalid(field: string, words: string, value: unknown): DashboardRefusal {
  return new DashboardRefusal(400, `${field} ${words}, got ${describeValue(value)}`);
}

function isKind(value: unknown): value is Kind {
  return typeof value === 'string' && Object.hasOwn(fieldOf, value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
