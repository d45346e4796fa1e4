import type { DashboardRefusal } from '../refusal.js';
import type { DashboardExchange } from '../serve/exchange.js';

/** Whether a request may see the dashboard. `who`: for the audit line; undefined = not known. */
export type Access =
  | { readonly allowed: true; readonly who?: string | undefined }
  | { readonly allowed: false; readonly refusal: DashboardRefusal };

/** Decides for every request: page, assets, data, streams and actions. A rejection refuses. */
export type AccessRule = (exchange: DashboardExchange) => Access | Promise<Access>;
