import { install } from './lib/install.mjs';

try {
  await install();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
