import { Global, Module } from '@nestjs/common';

import { ManualClock } from '../../base/manual-clock.js';

/** The one clock that all caches of an application under test share. */
@Global()
@Module({
  providers: [{ provide: ManualClock, useFactory: () => new ManualClock() }],
  exports: [ManualClock],
})
export class TestingClockModule {}
