import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

const running = new Set();

/** Ends the processes that `run` started, each by its id, with their descendants. */
export function endRunning() {
  for (const child of running) endTree(child);
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, show?: boolean, timeoutMs?: number, hangsAfter?: RegExp, cwd?: string }} [options]
 * `show: false` only returns the output; a command that still runs 15 s after output that matches `hangsAfter` counts
 * as timed out
 * @returns {Promise<{ status: number, output: string }>} the status is 127 if the command does not exist, 124 after the
 * time-out
 */
export function run(
  command,
  args,
  { env = process.env, show = true, timeoutMs, hangsAfter, cwd = root } = {},
) {
  return new Promise((done) => {
    const colors = show && process.stdout.isTTY ? { FORCE_COLOR: '1' } : {};
    const stdio = ['ignore', 'pipe', 'pipe'];
    // Its own process group, to end a hanging command with its descendants.
    const child = spawn(command, args, { cwd, env: { ...colors, ...env }, stdio, detached: true });
    running.add(child);
    let output = '';
    let late = false;
    const endLate = () => {
      late = true;
      endTree(child);
    };
    const timers = timeoutMs === undefined ? [] : [setTimeout(endLate, timeoutMs)];
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
        if (show) process[stream].write(chunk);
        if (hangsAfter?.test(chunk)) timers.push(setTimeout(endLate, 15_000));
      });
    }
    const settle = (status) => {
      for (const timer of timers) clearTimeout(timer);
      running.delete(child);
      if (late) output += '\nended: it took too long';
      done({ status: late ? 124 : status, output });
    };
    child.once('error', (error) => {
      output += error.message;
      settle(127);
    });
    child.once('close', (code, signal) => settle(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

function endTree(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The process has exited already.
  }
}

/** Runs a program of this repository's `node_modules/.bin`, with this Node. */
export function runBin(name, args, options) {
  return run(process.execPath, [resolve(root, 'node_modules', name), ...args], options);
}

/** Ends the started processes when this process receives a signal to end. */
export function endWithThisProcess() {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ]) {
    process.once(signal, () => {
      endRunning();
      process.exit(status);
    });
  }
}
