import { HttpException, type CanActivate, type ExecutionContext, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { lastValueFrom, isObservable } from 'rxjs';

import { provider } from '../../nestjs/registry/provided.js';
import type { Access, AccessRule } from '../access/access.js';
import { DashboardRefusal } from '../refusal.js';
import type { DashboardExchange } from '../serve/exchange.js';
import type { DashboardGuard, DashboardGuardFunction, DashboardRequest } from './dashboard-options.js';

/** A guard that a request can be given to. */
export type ReadyGuard = CanActivate | DashboardGuardFunction;

/** The guard itself: the instance of the application, or a new one. Rejects if Nest cannot make it. */
export async function readyGuard(guard: DashboardGuard, moduleRef: ModuleRef): Promise<ReadyGuard> {
  if (!isGuardClass(guard)) return guard;
  return provider(moduleRef, guard) ?? moduleRef.create(guard);
}

/** Lets in what the guard lets in. `owner`: what the guard is told to protect. */
export function guardRule(guard: ReadyGuard, owner: Type): AccessRule {
  return async (exchange) => {
    const { request, response } = exchange.platform ?? exchange;
    try {
      const allowed = await ask(guard, request as DashboardRequest & object, response, owner);
      return allowed ? { allowed: true, who: userOf(request) } : refused();
    } catch (error) {
      if (error instanceof HttpException) return refused(error);
      throw error;
    }
  };
}

/** Both must let a request in. The user of the guard is the better known one. */
export function both(first: AccessRule, second: AccessRule): AccessRule {
  return async (exchange) => {
    const before = await first(exchange);
    if (!before.allowed) return before;
    const after = await second(exchange);
    return after.allowed ? { allowed: true, who: after.who ?? before.who } : after;
  };
}

async function ask(
  guard: ReadyGuard,
  request: DashboardRequest,
  response: object,
  owner: Type,
): Promise<boolean> {
  if (typeof guard === 'function') return isTrue(await guard(request));
  const answer = guard.canActivate(contextOf(request, response, owner));
  return isTrue(await (isObservable(answer) ? lastValueFrom(answer) : answer));
}

/** A guard in JavaScript may return anything: only `true` lets a request in. */
function isTrue(answer: unknown): boolean {
  return answer === true;
}

function refused(error?: HttpException): Access {
  const status = error?.getStatus();
  const known = status === 401 || status === 404 ? status : 403;
  const message = error?.message ?? 'The guard of the dashboard refuses this request.';
  return { allowed: false, refusal: new DashboardRefusal(known, message) };
}

function isGuardClass(guard: DashboardGuard): guard is Type<CanActivate> {
  if (typeof guard !== 'function') return false;
  const prototype: unknown = guard.prototype;
  return typeof prototype === 'object' && prototype !== null && 'canActivate' in prototype;
}

/** The user that a guard has attached to the request. */
function userOf(request: DashboardExchange['request'] | object): string | undefined {
  const user: unknown = Reflect.get(request, 'user');
  if (typeof user === 'string') return user;
  if (typeof user !== 'object' || user === null) return undefined;
  for (const name of ['username', 'email', 'name', 'id', 'sub']) {
    const value: unknown = Reflect.get(user, name);
    if (typeof value === 'string' || typeof value === 'number') return String(value);
  }
  return undefined;
}

function contextOf(request: object, response: object, owner: Type): ExecutionContext {
  const args = [request, response, nothing];
  const part = <T>(index: number): T => args[index] as T;
  return {
    getClass: <T>() => owner as Type<T>,
    getHandler: () => handleDashboard,
    getArgs: <T extends unknown[]>() => args as unknown[] as T,
    getArgByIndex: <T>(index: number) => part<T>(index),
    getType: <T extends string>() => 'http' as T,
    switchToHttp: () => ({
      getRequest: <T>() => part<T>(0),
      getResponse: <T>() => part<T>(1),
      getNext: <T>() => part<T>(2),
    }),
    switchToRpc: () => ({ getData: nothing, getContext: nothing }),
    switchToWs: () => ({ getData: nothing, getClient: nothing, getPattern: () => '' }),
  };
}

/** Stands for the handler of a route: guards read its metadata. */
function handleDashboard(): void {
  // The dashboard answers by itself.
}

/** An HTTP request has none of what other transports have. */
function nothing<T>(): T {
  return undefined as T;
}
