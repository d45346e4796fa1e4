import { wantsColours } from '../config/terminal-environment.js';
import { runCli } from './cli.js';
import { styleFor } from './look/style.js';

// The reader may close the pipe early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const { stdin, stdout, stderr } = process;

// Not awaited at the top: the package bundles this file as CommonJS.
void runCli(process.argv.slice(2), {
  out: (line) => stdout.write(`${line}\n`),
  error: (line) => stderr.write(`${line}\n`),
  style: styleFor({ colours: wantsColours() ?? stdout.isTTY }),
  progress: stderr,
  terminal: stdin.isTTY && stdout.isTTY ? { input: stdin, output: stdout } : undefined,
}).then((exitCode) => {
  process.exitCode = exitCode;
});
