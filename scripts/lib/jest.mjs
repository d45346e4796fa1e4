import { runBin } from './process.mjs';

/** Runs Jest with the Node flag that its ES module support requires. */
export function runJest(args, { env = process.env, ...options } = {}) {
  const flags = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  const NODE_OPTIONS = [env.NODE_OPTIONS, flags].filter(Boolean).join(' ');
  return runBin('jest/bin/jest.js', args, { ...options, env: { ...env, NODE_OPTIONS } });
}
