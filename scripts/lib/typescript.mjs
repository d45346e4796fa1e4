// Lets a plain Node process import this repository's TypeScript: `import './lib/typescript.mjs'` first.
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
