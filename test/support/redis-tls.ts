import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freeNodePort, startRedisNode } from './redis-processes.js';

/** PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A Redis that speaks TLS alone, and asks for a client's certificate. */
export interface TlsRedis {
  readonly host: string;
  readonly port: number;
  /** Certificate of the authority that signed the others, PEM. */
  readonly ca: string;
  /** For the name that the server's certificate carries. */
  readonly servername: string;
  readonly client: Certificate;
  /** Signed by an authority that the server does not know. */
  readonly stranger: Certificate & { readonly ca: string };
  [Symbol.asyncDispose](): Promise<void>;
}

const servername = 'redis.test';

/** @throws Error when there is no `openssl`, or the server was built without TLS */
export async function startTlsRedis(config: readonly string[] = []): Promise<TlsRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-tls-'));
  try {
    const ours = await authority(dir, 'ours');
    const theirs = await authority(dir, 'theirs');
    await ours.sign('server', `subjectAltName=DNS:${servername}`);
    const client = await ours.sign('client');
    const stranger = await theirs.sign('stranger');
    const port = await freeNodePort();
    const node = await startRedisNode({
      port,
      config: [
        'port 0',
        `tls-port ${port}`,
        `tls-cert-file ${join(dir, 'server.crt')}`,
        `tls-key-file ${join(dir, 'server.key')}`,
        `tls-ca-cert-file ${join(dir, 'ours.crt')}`,
        'tls-auth-clients yes',
        ...config,
      ],
      tls: { ca: ours.cert, cert: client.cert, key: client.key, servername },
    });
    return {
      host: node.host,
      port,
      ca: ours.cert,
      servername,
      client,
      stranger: { ...stranger, ca: theirs.cert },
      [Symbol.asyncDispose]: async () => {
        await node.end();
        await rm(dir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

interface Authority {
  readonly cert: string;
  sign(name: string, extension?: string): Promise<Certificate>;
}

async function authority(dir: string, name: string): Promise<Authority> {
  const file = (suffix: string): string => join(dir, suffix);
  await openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
  ]);
  return {
    cert: await readFile(file(`${name}.crt`), 'utf8'),
    sign: async (subject, extension = 'basicConstraints=CA:FALSE') => {
      const extensions = file(`${subject}.ext`);
      await writeFile(extensions, `${extension}\n`);
      await openssl([
        ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', `/CN=${subject}`, '-keyout', file(`${subject}.key`), '-out', file(`${subject}.csr`)],
      ]);
      await openssl([
        ...['x509', '-req', '-days', '2', '-in', file(`${subject}.csr`), '-extfile', extensions],
        ...['-CA', file(`${name}.crt`), '-CAkey', file(`${name}.key`), '-CAcreateserial'],
        ...['-out', file(`${subject}.crt`)],
      ]);
      return {
        cert: await readFile(file(`${subject}.crt`), 'utf8'),
        key: await readFile(file(`${subject}.key`), 'utf8'),
      };
    },
  };
}

async function openssl(args: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('openssl', [...args], { timeout: 20_000 });
  } catch (cause) {
    throw new Error(
      'openssl, by which the tests of TLS make their certificates, failed or is not installed',
      { cause },
    );
  }
}
