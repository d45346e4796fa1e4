import { Controller, Get, Header, HttpCode, Param, ParseEnumPipe, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { LiveDemo } from './live-demo.js';
import { actions, LiveState, type Action } from './live-state.js';

/** The endpoints of the page at `/`. */
@ApiTags('live')
@Controller('live')
export class LiveController {
  constructor(private readonly demo: LiveDemo) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The two instances of the page at /: counters, latest reads, latest experiment' })
  @ApiOkResponse({ type: LiveState })
  state(): Promise<LiveState> {
    return this.demo.state();
  }

  @Post(':action')
  @HttpCode(204)
  @ApiOperation({ summary: 'Breaks or repairs something on the page at /' })
  @ApiParam({ name: 'action', enum: actions, example: 'callers' })
  @ApiNoContentResponse({ description: 'It is done' })
  @ApiBadRequestResponse({ description: 'There is no such action' })
  act(
    @Param('action', new ParseEnumPipe(Object.fromEntries(actions.map((name) => [name, name]))))
    action: Action,
  ): Promise<void> {
    return this.demo.act(action);
  }
}
