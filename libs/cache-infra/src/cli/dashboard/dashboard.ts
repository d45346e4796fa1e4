import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { SeveralCaches } from '../../config/several-caches.js';
import { localOnlyRule } from '../../dashboard/access/local-only.js';
import { createDashboardHandler } from '../../dashboard/dashboard-handler.js';
import { guideUrl } from '../../base/guide-url.js';
import { withoutCredentials } from '../../base/redact.js';
import { searching, servedBy } from '../application.js';
import { ProgressLine } from '../look/progress.js';
import { prepareCache } from '../open-cache.js';
import type { Output } from '../output.js';
import { FleetReader } from '../top/fleet-reader.js';
import { FleetCaches } from './fleet-caches.js';
import { RedisSource } from './redis-source.js';

/** What `dashboard` is asked for. */
export interface DashboardWanted {
  readonly redis: string | undefined;
  readonly prefix: string | undefined;
  /** 0 = a free one. */
  readonly port: number;
  readonly host: string;
  readonly opens: boolean;
  readonly showsValues: boolean;
}

/** The command that opens an address in a browser, by platform. */
const openers: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/**
 * Serves the dashboard of a fleet until SIGINT or SIGTERM. Resolves to the exit code.
 *
 * @throws ValidationError for an invalid configuration
 * @throws InfrastructureError when Redis does not answer at the start
 * @throws NoFleetError when several applications publish, or none does
 * @throws Error when the port is in use
 */
export async function dashboard(
  config: SeveralCaches,
  wanted: DashboardWanted,
  output: Output,
): Promise<number> {
  const { redis, prefix } = wanted;
  const served = servedBy(config, redis);
  const cache = prepareCache(served, undefined);
  const caches = new FleetCaches(served);
  const progress = new ProgressLine(output.progress);
  const reader = new FleetReader(cache, { prefix, hasOwnPrefix: redis === undefined }, (steps) => {
    progress.show(searching(steps));
  });
  try {
    await cache.connect();
    const found = await reader.read();
    progress.clear();
    await serve(new RedisSource(reader, cache, caches), wanted, output, (address) => {
      output.out(`Dashboard of '${found.prefix}' on Redis (${reader.address}), read-only: ${address}`);
      output.out(output.style.dim('Ctrl-C ends it.'));
    });
    return 0;
  } finally {
    progress.clear();
    await Promise.all([cache.close(), caches.close()]);
  }
}

/** Serves until a signal. */
async function serve(
  source: RedisSource,
  { port, host, opens, showsValues }: DashboardWanted,
  output: Output,
  listening: (address: string) => void,
): Promise<void> {
  const handler = createDashboardHandler(source, {
    access: localOnlyRule(({ socket }) => wayIn(socket.localPort ?? port)),
    showValues: showsValues,
    onError: (error) => {
      output.error(withoutCredentials(error instanceof Error ? error.message : String(error)));
    },
  });
  const server = createServer((request, response) => {
    void handler.handle({ request, response, mount: '', target: request.url ?? '/' });
  });
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = addressOf(server);
  listening(address);
  if (opens) open(address);
  await signalled;
  handler.close();
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** The end of a refusal. The command has no guard: other machines come in by SSH. */
function wayIn(port: number): string {
  const served = String(port);
  return `open http://localhost:${served}/ in a browser there, or forward the port: ssh -L ${served}:localhost:${served} user@host, then http://localhost:${served}/. For users of other machines add CacheDashboardModule with a guard to the application: ${guideUrl('dashboard.md#access')}`;
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${String(port)}/`;
}

/** Opens a browser, if there is one: the address is printed anyway. */
function open(address: string): void {
  const [command = 'xdg-open', ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
