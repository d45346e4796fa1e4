import { Global, Module } from '@nestjs/common';

import { ManualClock } from '../../base/manual-clock.js';

/** The clock of all caches of an application under test: one, however many caches there are. */
@Global()
@Module({
  providers: [{ provide: ManualClock, useFactory: () => new ManualClock() }],
  exports: [ManualClock],
})
export class TestingClockModule {}
