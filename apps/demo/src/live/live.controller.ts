import { readFile } from 'node:fs/promises';
import { Controller, Get, Header, HttpCode, Param, ParseEnumPipe, Post } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { actions, LiveDemo, type Action, type LiveState } from './live-demo.js';

const page = new URL('../../public/live.html', import.meta.url);

/** The page at `/`, and its endpoints. */
@ApiExcludeController()
@Controller()
export class LiveController {
  constructor(private readonly demo: LiveDemo) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header(
    'Content-Security-Policy',
    "default-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
  )
  show(): Promise<string> {
    return readFile(page, 'utf8');
  }

  @Get('live')
  @Header('Cache-Control', 'no-store')
  state(): Promise<LiveState> {
    return this.demo.state();
  }

  @Post('live/:action')
  @HttpCode(204)
  act(
    @Param('action', new ParseEnumPipe(Object.fromEntries(actions.map((name) => [name, name]))))
    action: Action,
  ): Promise<void> {
    return this.demo.act(action);
  }
}
