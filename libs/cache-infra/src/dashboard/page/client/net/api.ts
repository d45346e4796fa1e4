import type {
  DashboardOutcome,
  DashboardPreview,
  DashboardState,
  DashboardTarget,
  KeyState,
} from '../../../state.js';
import type { Place } from '../model/place.js';

/** The server refused or failed: its own words. */
export class ApiError extends Error {}

/** The query that selects an instance; empty for the sum. */
export function instanceQuery(instance: string | null): string {
  return instance === null ? '' : `?${new URLSearchParams({ instance }).toString()}`;
}

export function getState(instance: string | null): Promise<DashboardState> {
  return ask<DashboardState>(`api/state${instanceQuery(instance)}`);
}

export function getKey({ cache, key, namespaces }: NonNullable<Place['key']>): Promise<KeyState> {
  const params = new URLSearchParams({ cache, key });
  for (const namespace of namespaces) params.append('namespace', namespace);
  return ask<KeyState>(`api/key?${params.toString()}`);
}

export function preview(target: DashboardTarget): Promise<DashboardPreview> {
  return post<DashboardPreview>('api/preview', target);
}

export function invalidate(target: DashboardTarget): Promise<DashboardOutcome> {
  return post<DashboardOutcome>('api/invalidate', target);
}

function post<T>(path: string, target: DashboardTarget): Promise<T> {
  const token = document.querySelector('meta[name="cache-dashboard-token"]')?.getAttribute('content') ?? '';
  return ask<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-cache-dashboard-token': token },
    body: JSON.stringify(target),
  });
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetch(path, { ...init, credentials: 'same-origin', cache: 'no-store' }).catch(() => {
    throw new ApiError('The server does not answer.');
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body as T;
  throw new ApiError(errorOf(body) ?? `The server answered with status ${String(response.status)}.`);
}

/** The words of a `DashboardError`, or of an exception of Nest. */
function errorOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  for (const name of ['message', 'error'] as const) {
    const text: unknown = name in body ? (body as Record<string, unknown>)[name] : undefined;
    if (typeof text === 'string') return text;
  }
  return undefined;
}
