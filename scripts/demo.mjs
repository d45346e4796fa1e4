// Installs, builds and starts the demo, runs its tour, and runs until Ctrl-C (DEMO_EXIT=1: exits after the tour).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { install } from './lib/install.mjs';
import { endRunning, root, run } from './lib/process.mjs';

const demo = join(root, 'apps', 'demo');
const startWithinMs = 30_000;

let server;
let ending;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void end(0));
process.exitCode = 1;
try {
  await main();
} catch (error) {
  console.error(error.message);
  await end(1);
}

async function main() {
  await install();
  console.log('Building ...');
  const build = await run('npm', ['run', '--silent', 'build'], { show: false });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.output}`);

  const port = await usablePort(Number(process.env.PORT ?? 3000));
  const url = `http://localhost:${port}`;
  server = await startServer(port);
  await answers(url);

  const { command, args } = await demoScript('tour');
  const tour = await run(command, args, { cwd: demo, env: { ...process.env, DEMO_URL: url } });
  if (process.env.DEMO_EXIT === '1') return end(tour.status);
  console.log(`\nOpen ${url} first. Press Ctrl-C to stop.`);
  server.showOutput();
  const [code] = await once(server.process, 'exit');
  if (ending === undefined) throw new Error(`The demo exited with code ${code}`);
}

/** Runs the demo's npm script without npm, so that the process id is the server's. */
async function demoScript(name) {
  const { scripts } = JSON.parse(await readFile(join(demo, 'package.json'), 'utf8'));
  const [command, ...args] = scripts[name].split(' ');
  return { command: command === 'node' ? process.execPath : command, args };
}

async function startServer(port) {
  const { command, args } = await demoScript('start');
  const child = spawn(command, args, {
    cwd: demo,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A terminal sends Ctrl-C to the whole process group; a separate group lets this process stop the server.
    detached: true,
  });
  let output = '';
  let show = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      if (show) process.stdout.write(chunk);
      else output += chunk;
    });
  }
  child.once('error', (error) => (output += error.message));
  return {
    process: child,
    showOutput: () => (show = true),
    get output() {
      return output;
    },
  };
}

/** Waits until the demo answers over HTTP with any status. */
async function answers(url) {
  const deadline = Date.now() + startWithinMs;
  while (Date.now() < deadline && server.process.exitCode === null && ending === undefined) {
    try {
      await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`The demo does not answer at ${url}. Its output:\n${server.output}`);
}

/** `wanted`, or a free port if `wanted` is in use. */
async function usablePort(wanted) {
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535) {
    throw new Error('PORT must be a whole number from 0 to 65535');
  }
  for (const port of [wanted, 0]) {
    const probe = createServer();
    try {
      probe.listen(port);
      await once(probe, 'listening');
      const { port: free } = probe.address();
      if (free !== wanted && wanted !== 0)
        console.log(`Port ${wanted} is in use; the demo listens on ${free}.`);
      return free;
    } catch (error) {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    } finally {
      probe.close();
    }
  }
  throw new Error('No free port found');
}

/** Stops the server by its process id, then exits. */
function end(status) {
  ending ??= (async () => {
    endRunning();
    const child = server?.process;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
    }
    process.exit(status);
  })();
  return ending;
}
