import { Command } from 'ioredis';
import { scriptCommand } from './script-command.js';

describe('scriptCommand', () => {
  const sha1 = '0123456789abcdef0123456789abcdef01234567';
  const keys = ['cache::key', 'cache::clé', 'cache::鍵'];
  const binary = Buffer.from([0, 0xff, 0x0d, 0x0a, 0x80]);

  it.each([
    ['several values', '', [binary, 1, 'text', Buffer.from('second'), 2]],
    ['adjacent values', '', [binary, binary]],
    ['an empty value', '', [Buffer.alloc(0), '']],
    ['text of several bytes a character', '', ['é', binary, '鍵']],
    ['no value', '', ['1', 2]],
    ['a key prefix', 'app:', [binary]],
  ])('is sent as ioredis would send it: %s', (_, keyPrefix, args) => {
    const command = scriptCommand(sha1, keys, args, keyPrefix);
    const plain = new Command('evalsha', [sha1, keys.length, ...keys, ...args], { keyPrefix });
    expect(command.toWritable({})).toEqual(Buffer.from(plain.toWritable({}) as Buffer));
  });

  it('names its keys, so that a Cluster finds their node', () => {
    const command = scriptCommand(sha1, keys, [binary], 'app:');
    expect(command.getKeys()).toEqual(keys.map((key) => `app:${key}`));
  });
});
