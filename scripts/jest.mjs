// Runs Jest with the Node flag for ES modules: `node scripts/jest.mjs --selectProjects unit`.
import { runJest } from './lib/jest.mjs';
import { endWithThisProcess } from './lib/process.mjs';

endWithThisProcess();
const { status } = await runJest(process.argv.slice(2));
process.exitCode = status;
