import { Controller, Get, Header, Param, type StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PageFiles, pagePolicy } from '../pages.js';

const live = new PageFiles('live', [
  'live.css',
  'live.js',
  'guide.js',
  'instance.js',
  'verdict.js',
  'words.js',
]);
const shared = new PageFiles('shared', ['base.css', 'element.js']);

/** The page at `/`, its files, and those that it shares with the chat. */
@ApiExcludeController()
@Controller()
export class LivePageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', pagePolicy)
  @Header('Cache-Control', 'no-cache')
  show(): Promise<string> {
    return live.page();
  }

  @Get('page/:file')
  @Header('Cache-Control', 'no-cache')
  @Header('X-Content-Type-Options', 'nosniff')
  file(@Param('file') file: string): Promise<StreamableFile> {
    return live.file(file);
  }

  @Get('shared/:file')
  @Header('Cache-Control', 'no-cache')
  @Header('X-Content-Type-Options', 'nosniff')
  sharedFile(@Param('file') file: string): Promise<StreamableFile> {
    return shared.file(file);
  }
}
