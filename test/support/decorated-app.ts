import { afterEach, beforeEach, jest } from '@jest/globals';
import { Logger, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheInfraModule } from 'nestjs-cache-infra';
import request from 'supertest';

/** An application with decorated methods, one for each test, and what it warns of. */
export interface DecoratedApp {
  readonly warnings: readonly string[];
  /** The application of this test, once it is booted. */
  readonly app: INestApplication | undefined;
  /** With a `CacheInfraModule` of these options. */
  readonly boot: (metadata: ModuleMetadata, options?: object) => Promise<INestApplication>;
  readonly init: (module: TestingModule) => Promise<INestApplication>;
  /** The text of an answer to GET. */
  readonly ask: (path: string, headers?: Record<string, string>) => Promise<string>;
  readonly put: (path: string) => Promise<void>;
}

/** Called at the top of a file. The application is closed after each test. */
export function decoratedApp(): DecoratedApp {
  let app: INestApplication | undefined;
  let warnings: string[] = [];
  beforeEach(() => {
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      warnings.push(String(message));
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app?.close();
    app = undefined;
  });
  const server = () => app?.getHttpServer() as Parameters<typeof request>[0];
  const init = (module: TestingModule): Promise<INestApplication> => {
    app = module.createNestApplication();
    return app.init();
  };
  return {
    get warnings() {
      return warnings;
    },
    get app() {
      return app;
    },
    init,
    boot: async (metadata, options = {}) => {
      const imports = [CacheInfraModule.forRoot(options), ...(metadata.imports ?? [])];
      return init(await Test.createTestingModule({ ...metadata, imports }).compile());
    },
    ask: async (path, headers = {}) => (await request(server()).get(path).set(headers)).text,
    put: async (path) => {
      await request(server()).put(path);
    },
  };
}
