import type { RedisCache } from '../../cache/redis-cache.js';
import type { SeveralCaches } from '../../config/several-caches.js';
import type { FleetSummary, InstanceSummary } from '../../fleet/summary.js';
import type { WindowName } from '../../monitoring/windows/window-report.js';
import { searching, servedBy } from '../application.js';
import { ProgressLine } from '../look/progress.js';
import { prepareCache } from '../open-cache.js';
import { printJson, type Output } from '../output.js';
import { FleetReader, type FoundFleet } from './fleet-reader.js';
import { liveTop } from './live.js';
import { narrowed } from './narrowed.js';
import { topLines } from './view.js';

/** What `top` is asked for. */
export interface TopWanted {
  readonly redis: string | undefined;
  readonly prefix: string | undefined;
  readonly cache: string | undefined;
  readonly window: WindowName;
  readonly once: boolean;
  readonly json: boolean;
}

/** Columns and rows where there is no terminal. */
const page = { columns: 120, rows: 100 };
const silent = { write: () => undefined };

/**
 * Shows a fleet, live in a terminal and else once. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid configuration
 * @throws InfrastructureError when Redis does not answer and the numbers are printed once
 * @throws NoFleetError when no instance publishes and the numbers are printed once
 */
export async function top(config: SeveralCaches, wanted: TopWanted, output: Output): Promise<number> {
  const { redis, prefix } = wanted;
  const cache = prepareCache(servedBy(config, redis), undefined);
  const terminal = wanted.once || wanted.json ? undefined : output.terminal;
  // The live view has the whole screen.
  const progress = new ProgressLine(terminal === undefined ? output.progress : silent);
  const reader = new FleetReader(cache, { prefix, hasOwnPrefix: redis === undefined }, (steps) => {
    progress.show(searching(steps));
  });
  try {
    if (terminal !== undefined)
      return await liveTop({ reader, cache, wanted, style: output.style, terminal });
    return await printed(reader, cache, wanted, output, progress);
  } finally {
    progress.clear();
    await cache.close();
  }
}

async function printed(
  reader: FleetReader,
  cache: RedisCache,
  { cache: only, window, json }: TopWanted,
  output: Output,
  progress: ProgressLine,
): Promise<number> {
  await cache.connect();
  const found = narrowed(await reader.read(), only);
  progress.clear();
  if (json) {
    printJson(output, documentOf(found, window));
    return 0;
  }
  const { prefix, fleet } = found;
  const state = { fleet, window, address: reader.address, prefix, problem: undefined, isLive: false };
  const { columns = page.columns } = output.terminal?.output ?? page;
  for (const line of topLines(state, { ...page, columns }, output.style)) output.out(line);
  return 0;
}

/** The document of `--json`: instances and their sum, each with the report of one window. */
function documentOf({ prefix, fleet }: FoundFleet, window: WindowName): object {
  const oneWindow = <T extends FleetSummary['total'] | InstanceSummary>({ windows, ...rest }: T): object => ({
    ...rest,
    report: windows[window],
  });
  return {
    ...{ at: fleet.at, prefix, window },
    instances: fleet.instances.map(oneWindow),
    total: oneWindow(fleet.total),
  };
}
