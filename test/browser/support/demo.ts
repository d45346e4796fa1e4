import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';

import { AppModule } from '../../../apps/demo/src/app.module.js';
import { configureApp } from '../../../apps/demo/src/configure-app.js';
import { withEnvironment } from '../../e2e/demo-environment.js';

/** The demo, listening on a free port of the loopback interface. */
export interface Demo {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the demo with these environment variables alone, of those that it knows. */
export function startDemo(env: Record<string, string> = {}): Promise<Demo> {
  return withEnvironment(env, async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = configureApp(module.createNestApplication<NestExpressApplication>({ logger: false }));
    await app.listen(0, '127.0.0.1');
    return { url: await app.getUrl(), close: () => app.close() };
  });
}
