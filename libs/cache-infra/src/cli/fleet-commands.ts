import { parseArgs, type ParseArgsConfig } from 'node:util';

import { windowNames } from '../monitoring/windows/window-report.js';
import { applicationFlags } from './application.js';
import { common, configured, informed, misused, readEnvironment, reportingErrors } from './command.js';
import { dashboardUsage } from './dashboard/usage.js';
import { loadConfig } from './load-config.js';
import type { Output } from './output.js';
import { top } from './top/top.js';
import { topUsage } from './top/usage.js';

/** Runs `top`. */
export function runTop(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(topUsage, output, async () => {
    const options = {
      ...configured,
      ...applicationFlags,
      cache: { type: 'string' },
      window: { type: 'string', default: '1m' },
      once: { type: 'boolean', default: false },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const told = informed(values, topUsage, output);
    if (told !== undefined) return told;
    const window = windowNames.find((name) => name === values.window);
    if (window === undefined) {
      output.error(`--window must be one of ${windowNames.join(', ')}, got '${values.window}'`);
      return 1;
    }
    if (positionals.length > 0) return misused(topUsage, output);
    readEnvironment(values.env);
    const { redis, prefix, cache, once, json } = values;
    return top(await loadConfig(values.config), { redis, prefix, cache, window, once, json }, output);
  });
}

/** The addresses of this machine that no other machine reaches. */
const loopback = /^(localhost|::1|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/;

/** Runs `dashboard`. */
export function runDashboard(args: readonly string[], output: Output): Promise<number> {
  return reportingErrors(dashboardUsage, output, async () => {
    const options = {
      ...common,
      config: { type: 'string' },
      env: { type: 'string' },
      ...applicationFlags,
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      open: { type: 'boolean', default: false },
      values: { type: 'boolean', default: false },
    } satisfies ParseArgsConfig['options'];
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    const told = informed(values, dashboardUsage, output);
    if (told !== undefined) return told;
    if (positionals.length > 0) return misused(dashboardUsage, output);
    const { redis, prefix, host, open: opens, values: showsValues } = values;
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65_535)
      return misused(`--port must be a number from 0 to 65535, got '${values.port}'`, output);
    if (!loopback.test(host))
      return misused(
        `--host must be a loopback address (127.0.0.1, ::1, localhost), got '${host}'. For other machines use CacheDashboardModule with a guard`,
        output,
      );
    readEnvironment(values.env);
    // Import on demand: the other commands do not need the page.
    const { dashboard } = await import('./dashboard/dashboard.js');
    return dashboard(
      await loadConfig(values.config),
      { redis, prefix, port, host, opens, showsValues },
      output,
    );
  });
}
