import { Module } from '@nestjs/common';
import { LiveController } from './live.controller.js';
import { LiveDemo } from './live-demo.js';

@Module({ controllers: [LiveController], providers: [LiveDemo] })
export class LiveModule {}
