import { InfrastructureError } from '../base/errors.js';

/** A Redis container that this module started and may stop. */
export interface RedisContainer {
  readonly host: string;
  readonly port: number;
  start(): Promise<void>;
  halt(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stops and removes it. */
  end(): Promise<void>;
}

const open = ['--protected-mode', 'no'];

/**
 * Starts `redis:7-alpine` through Testcontainers, which is loaded only here.
 *
 * @throws InfrastructureError when Testcontainers is not installed or no container runtime answers
 */
export async function startRedisContainer(port: number, args: readonly string[]): Promise<RedisContainer> {
  try {
    const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers');
    const runtime = await getContainerRuntimeClient();
    const started = await new GenericContainer('redis:7-alpine')
      .withExposedPorts({ container: 6379, host: port })
      // Requests come from outside the container. Only the official image turns the protected mode off by itself.
      .withCommand(['redis-server', ...open, '--save', '', '--appendonly', 'no', ...args])
      .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
      .start();
    const container = runtime.container.getById(started.getId());
    return {
      host: started.getHost(),
      port,
      start: async () => {
        await container.start();
      },
      halt: async () => {
        await container.kill();
      },
      pause: async () => {
        await container.pause();
      },
      resume: async () => {
        await container.unpause();
      },
      end: async () => {
        await started.stop();
      },
    };
  } catch (cause) {
    throw new InfrastructureError('Redis could not be started in a container', { cause });
  }
}
