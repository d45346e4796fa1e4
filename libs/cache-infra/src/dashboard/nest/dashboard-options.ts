import type { IncomingHttpHeaders } from 'node:http';

import type { CanActivate, Type } from '@nestjs/common';

import {
  assertOptions,
  booleanValue,
  nonEmptyString,
  optionProblems,
  problem,
  type Check,
  type Checks,
  type NestedCheck,
} from '../../base/checks.js';
import type { BasicAuth } from '../access/basic-auth.js';

/** The request of Express or Fastify. */
export interface DashboardRequest {
  readonly headers: IncomingHttpHeaders;
  readonly [name: string]: unknown;
}

/** True lets the request in. */
export type DashboardGuardFunction = (request: DashboardRequest) => boolean | Promise<boolean>;

/** A guard of Nest, by its class or an instance, or a function of the request. */
export type DashboardGuard = Type<CanActivate> | CanActivate | DashboardGuardFunction;

export interface CacheDashboardOptions {
  /** Path of the page, below the global prefix. Default: `'/cache'`. */
  route?: string | undefined;
  /**
   * Asked for every request: page, files, data, streams, actions. A class is taken from the application, or else made
   * with the providers that this module can inject. A guard that returns false, throws or rejects refuses.
   *
   * Default: none. Without `guard` and `basicAuth` the dashboard answers requests from this machine, and refuses all
   * requests in production (`NODE_ENV=production`).
   */
  guard?: DashboardGuard | undefined;
  /** User and password, by HTTP Basic authentication. With a `guard`, both must let a request in. Default: none. */
  basicAuth?: BasicAuth | undefined;
  /** False: the page can invalidate keys, tags, groups and patterns. Default: true. */
  readOnly?: boolean | undefined;
  /** True: the page shows the value of a key, which may be personal data or a secret. Default: false. */
  showValues?: boolean | undefined;
  /** Origins whose pages may show the dashboard in a frame: `'self'` or `'https://…'`. Default: none. */
  frameAncestors?: readonly string[] | undefined;
  /**
   * A text of at least 16 characters that all instances share. It is needed for actions where a load balancer sends
   * requests of one page to several instances. Default: each instance refuses the actions of the pages of others.
   */
  tokenSecret?: string | undefined;
}

const segment = '[A-Za-z0-9_~-][A-Za-z0-9._~-]*';
const route = new RegExp(`^/?${segment}(?:/${segment})*/?$`);

const routeCheck: Check = (value) =>
  typeof value === 'string' && route.test(value)
    ? undefined
    : "must be a path of plain segments, such as '/cache' or '/admin/cache'";

const guardCheck: Check = (value) => {
  if (typeof value === 'function') return undefined;
  const isGuard =
    typeof value === 'object' &&
    value !== null &&
    'canActivate' in value &&
    typeof value.canActivate === 'function';
  return isGuard ? undefined : 'must be a guard of Nest (class or instance), or a function of the request';
};

const user: Check = (value) =>
  nonEmptyString(value) ?? (String(value).includes(':') ? "must not contain ':'" : undefined);

const credentials: NestedCheck = {
  problems(path, value) {
    if (typeof value !== 'object' || value === null)
      return [problem(path, 'must be { user, password }', undefined)];
    return optionProblems(value, { user, password: nonEmptyString }, ['user', 'password'], `${path}.`);
  },
};

const ancestors: Check = (value) => {
  const isList =
    Array.isArray(value) &&
    value.every((each: unknown) => each === 'self' || (typeof each === 'string' && origin.test(each)));
  return isList ? undefined : "must be a list of 'self' and origins such as 'https://admin.example.com'";
};
const origin = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?$/;

/** Messages omit the secret. */
const secret: NestedCheck = {
  problems(path, value) {
    if (typeof value === 'string' && value.length >= 16) return [];
    return [{ path, message: `${path} must be a text of at least 16 characters` }];
  },
};

const checks: Checks = {
  route: routeCheck,
  guard: guardCheck,
  basicAuth: credentials,
  readOnly: booleanValue,
  showValues: booleanValue,
  frameAncestors: ancestors,
  tokenSecret: secret,
};

/** @throws ValidationError that lists every invalid option */
export function assertDashboardOptions(options: unknown): void {
  assertOptions('CacheDashboardModule', options, checks);
}

/** `/admin/cache`, for `admin/cache/`. */
export function normalizedRoute(given = '/cache'): string {
  return `/${given.replace(/^\/|\/$/g, '')}`;
}

/** In the words of CSP. */
export function frameAncestorsOf(given: readonly string[] = []): string {
  return given.length === 0 ? "'none'" : given.map((each) => (each === 'self' ? "'self'" : each)).join(' ');
}
