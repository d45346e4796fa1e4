import { beforeEach, describe, expect, it } from '@jest/globals';

import { CliCache } from '../support/cli-cache.js';
import { runCli, type Outcome } from '../support/run-cli.js';

const cli = new CliCache('keys');

beforeEach(() =>
  cli.cache.setMany([
    ['user:1', 1],
    ['user:2', 2],
    ['order:1', 3],
  ]),
);

const linesOf = ({ out }: Outcome): string[] => out.split('\n').filter(Boolean).sort();

describe('npx nestjs-cache-infra keys', () => {
  it('lists the keys that match, one a line', async () => {
    expect(linesOf(await cli.run())).toEqual(['order:1', 'user:1', 'user:2']);
    expect(linesOf(await cli.run('user:*'))).toEqual(['user:1', 'user:2']);
    expect(await cli.run('nothing*')).toEqual({ code: 0, out: '', error: '' });
  });

  it('lists those of a namespace', async () => {
    await cli.cache.namespace('catalogue').set('product:7', 1);
    expect(linesOf(await cli.run('--namespace', 'catalogue'))).toEqual(['product:7']);
  });

  it('escapes a key that would write to the terminal', async () => {
    await cli.cache.set('evil\u001B[2J', 1);
    expect(linesOf(await cli.run('evil*'))).toEqual([`'evil\\x1B[2J'`]);
  });

  it('stops at its limit, and says so', async () => {
    const outcome = await cli.run('--limit', '2');
    expect(linesOf(outcome)).toHaveLength(2);
    expect(outcome.error).toContain('Stopped after 2 keys');
    expect(await cli.run('--limit', 'many')).toMatchObject({
      code: 1,
      error: expect.stringContaining('Usage'),
    });
  });

  it('--json: prints one document', async () => {
    const { code, out, error } = await cli.run('user:*', '--json');
    expect([code, error]).toEqual([0, '']);
    const { keys, ...rest } = JSON.parse(out);
    expect(keys.sort()).toEqual(['user:1', 'user:2']);
    expect(rest).toEqual({ cache: 'default', namespaces: [], pattern: 'user:*', isComplete: true });
    const limited = await cli.run('--json', '--limit', '3', '--namespace', 'none');
    expect(JSON.parse(limited.out)).toMatchObject({ namespaces: ['none'], keys: [], isComplete: true });
    expect(JSON.parse((await cli.run('--json', '--limit', '1')).out)).toMatchObject({ isComplete: false });
  });

  it('names what is missing without a Redis', async () => {
    const { code, error } = await runCli(['keys'], cli.directory);
    expect([code, error]).toEqual([1, expect.stringContaining('configure its Redis')]);
  });
});
