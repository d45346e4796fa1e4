export type { BasicAuth } from './access/basic-auth.js';
export { CacheDashboardModule } from './nest/cache-dashboard.module.js';
export type {
  CacheDashboardOptions,
  DashboardGuard,
  DashboardGuardFunction,
  DashboardRequest,
} from './nest/dashboard-options.js';
