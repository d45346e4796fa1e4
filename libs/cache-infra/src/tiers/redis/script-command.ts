import { Command } from 'ioredis';

type Arguments = readonly (string | number | Buffer)[];

/**
 * `EVALSHA` with values. The command of ioredis writes a value in several parts, each by itself, which takes longer
 * than to encode the value: this one joins the texts between two values.
 */
export function scriptCommand(
  sha1: string,
  keys: readonly string[],
  args: Arguments,
  keyPrefix: string,
): Command {
  const texts = [sha1, keys.length, ...keys, ...args];
  return new (joining())('evalsha', texts, { keyPrefix, replyEncoding: 'utf8' });
}

let made: typeof Command | undefined;

/** The class is made for the first command: importing the library does not load ioredis. */
function joining(): typeof Command {
  made ??= class ScriptCommand extends Command {
    override toWritable(): Buffer {
      return written(this.name, this.args as (string | Buffer)[]); // numbers are texts by now
    }
  };
  return made;
}

/** A command as the protocol has it (https://redis.io/docs/latest/develop/reference/protocol-spec/#bulk-strings). */
function written(name: string, args: readonly (string | Buffer)[]): Buffer {
  const parts: (string | Buffer)[] = [];
  let text = `*${args.length + 1}\r\n$${name.length}\r\n${name}\r\n`;
  let bytes = 0;
  for (const arg of args) {
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
