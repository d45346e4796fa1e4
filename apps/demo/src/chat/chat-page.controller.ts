import { Controller, Get, Header, Param, type StreamableFile } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { PageFiles, pagePolicy } from '../pages.js';

const chat = new PageFiles('chat', ['chat.css', 'chat.js', 'ask.js', 'card.js', 'lane.js', 'words.js']);

/** The page of the chat at `/chat`, and its files. */
@ApiExcludeController()
@Controller('chat')
export class ChatPageController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', pagePolicy)
  @Header('Cache-Control', 'no-cache')
  show(): Promise<string> {
    return chat.page();
  }

  @Get(':file')
  @Header('Cache-Control', 'no-cache')
  @Header('X-Content-Type-Options', 'nosniff')
  file(@Param('file') file: string): Promise<StreamableFile> {
    return chat.file(file);
  }
}
