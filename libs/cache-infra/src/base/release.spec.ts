import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { release } from './release.js';

describe('the release', () => {
  it('is the version of the package', () => {
    const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version: release });
  });
});
