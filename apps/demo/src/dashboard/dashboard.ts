import { CacheDashboardModule } from 'nestjs-cache-infra/dashboard';
import { readEnvironment } from '../config/environment.js';

export const dashboardRoute = '/dashboard';

/**
 * The dashboard of the demo, which may invalidate. Without a password it answers requests from this machine, and in
 * production none.
 */
export const demoDashboard = CacheDashboardModule.forRootAsync({
  useFactory: () => {
    const { dashboardPassword: password } = readEnvironment();
    return {
      ...{ route: dashboardRoute, readOnly: false, showValues: true },
      ...(password !== undefined && { basicAuth: { user: 'demo', password } }),
    };
  },
});
