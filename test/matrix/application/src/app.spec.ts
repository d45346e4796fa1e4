import { Test } from '@nestjs/testing';

import { AppModule } from './app.module.js';
import { requestAll } from './requests.js';

describe('AppModule', () => {
  it('answers every second request from a cache', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();

    await requestAll(module.createNestApplication());
  });
});
