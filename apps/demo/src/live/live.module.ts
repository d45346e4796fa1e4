import { Module } from '@nestjs/common';
import { LivePageController } from './live-page.controller.js';
import { LiveController } from './live.controller.js';
import { liveCaches, LiveStoresModule } from './live-caches.js';
import { LiveDemo } from './live-demo.js';

@Module({
  imports: [LiveStoresModule, ...liveCaches],
  controllers: [LivePageController, LiveController],
  providers: [LiveDemo],
})
export class LiveModule {}
