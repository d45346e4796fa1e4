import { guideUrl } from '../base/guide-url.js';
import { tableLines } from './look/table.js';
import type { Output } from './output.js';
import { readableSetting } from './readable-setting.js';
import type { Setting } from './settings.js';

/** The result of the checks of one cache: the elements of `caches` of `--json`. */
export interface CheckedCache {
  readonly name: string;
  readonly home: 'redis' | 'memory';
  readonly settings: readonly Setting[];
  /** Environment variables that look like one of the library's and are not read. */
  readonly warnings: readonly string[];
  /** Milliseconds of a `PING`; null = Redis does not answer, or there is none. */
  readonly latencyMs: number | null;
  /** The calls that Redis accepts. */
  readonly accepted: readonly string[];
  readonly failed: readonly string[];
  /** Risks of the settings. */
  readonly advice: readonly string[];
}

/** Prints the result for one cache. */
export function printChecked(checked: CheckedCache, { out, style }: Output): void {
  const { name, home, settings, warnings, latencyMs, accepted, failed, advice } = checked;
  out(style.bold(`Cache '${name}', ${home === 'redis' ? 'in Redis' : 'in memory'}`));
  const rows = settings.map((setting) => [
    setting.name,
    readableSetting(setting),
    `(${setting.source}${setting.applies ? '' : '; no effect in memory'})`,
  ]);
  const columns = [{ style: 'cyan' as const }, { alignUpTo: 32 }, { style: 'dim' as const }];
  for (const line of tableLines(columns, rows, style)) out(`  ${line}`);
  for (const words of warnings) out(`  ${style.yellow('WARNING:')} ${words}`);
  if (home === 'memory') {
    out('  no Redis is configured (redisUrl, redis, REDIS_URL)');
    printAdvice();
    out('');
    return;
  }
  if (latencyMs !== null) out(`  Redis answers in ${latencyMs.toFixed(1)} ms`);
  for (const words of failed) out(`  ${style.red('FAILED:')} ${words}`);
  if (latencyMs === null) {
    printAdvice();
    out('');
    return;
  }
  if (failed.length > 0) out(`  The ACL user needs these commands: ${guideUrl('security.md#redis')}`);
  else out(`  ${style.green('Redis accepts')} ${accepted.join(', ')}`);
  printAdvice();
  out(advice.length === 0 ? '  no advice about its settings\n' : '');

  function printAdvice(): void {
    for (const words of advice) out(`  ${style.yellow('ADVICE:')} ${words}`);
  }
}
