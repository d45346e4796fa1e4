import { Command } from 'ioredis';

/**
 * `EVALSHA` with values. The command of ioredis writes a value in several parts, each by itself, which takes longer
 * than to encode the value: this one joins the texts between two values.
 */
export class ScriptCommand extends Command {
  constructor(
    sha1: string,
    keys: readonly string[],
    args: readonly (string | number | Buffer)[],
    keyPrefix: string,
  ) {
    super('evalsha', [sha1, keys.length, ...keys, ...args], { keyPrefix, replyEncoding: 'utf8' });
  }

  override toWritable(): Buffer {
    const parts: (string | Buffer)[] = [];
    let text = `*${this.args.length + 1}\r\n$${this.name.length}\r\n${this.name}\r\n`;
    let bytes = 0;
    // The command has turned numbers into texts.
    for (const arg of this.args as (string | Buffer)[]) {
      if (typeof arg === 'string') {
        text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`;
        continue;
      }
      text += `$${arg.length}\r\n`;
      parts.push(text, arg);
      bytes += Buffer.byteLength(text) + arg.length;
      text = '\r\n';
    }
    parts.push(text);
    return joined(parts, bytes + Buffer.byteLength(text));
  }
}

function joined(parts: readonly (string | Buffer)[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'string') at += whole.write(part, at, 'utf8');
    else {
      whole.set(part, at);
      at += part.length;
    }
  }
  return whole;
}
