import { run } from '../process.mjs';

const lastLines = 40;

/** The environment of a cell: not that of the tests or of npm that run it. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(REDIS_|TEST_|CACHE_|JEST_)/.test(name)),
  ),
  NODE_OPTIONS: '',
  NODE_ENV: '',
  NO_COLOR: '1',
};

/**
 * The output of a command that must succeed.
 *
 * @throws Error with the end of the output when it does not
 */
export async function succeed(command, args, { cwd, timeoutMs = 300_000 }) {
  const { status, output } = await run(command, args, { cwd, env, show: false, timeoutMs });
  if (status === 0) return output;
  throw new Error(`${said(command, args)} ended with ${status}:\n${endOf(output)}`);
}

/** The output of a command, and its status. */
export function attempt(command, args, { cwd, timeoutMs = 300_000 }) {
  return run(command, args, { cwd, env, show: false, timeoutMs });
}

/** The last lines of an output. */
export function endOf(output) {
  const lines = output.trim().split('\n').slice(-lastLines);
  // A line of a minified file is as long as the file.
  return lines.map((line) => line.slice(0, 300)).join('\n');
}

function said(command, args) {
  return [command, ...args].map((word) => word.split('/').at(-1)).join(' ');
}
