import { Readable } from 'node:stream';

import {
  Body,
  Catch,
  Controller,
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  HttpException,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { map, of, type Observable } from 'rxjs';

import { Origin, type AppRequest, type Reply } from './http-cache-app.js';

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** Adds to the body, as those do that bring errors into the form of their API. */
@Catch(NotFoundException)
class SeeingFilter extends BaseExceptionFilter {
  override catch(exception: NotFoundException, host: ArgumentsHost): void {
    const body = { ...(exception.getResponse() as object), seenBy: exception.constructor.name };
    super.catch(new HttpException(body, exception.getStatus()), host);
  }
}

/** A route for each option of `@HttpCache()`, and for each kind of handler. Every handler does what the test says. */
@Controller('cached')
@HttpCache({ ttl: '1m' })
export class CachedController {
  constructor(private readonly origin: Origin) {}

  @Get('plain/:path')
  plain(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('number/:id')
  @HttpCode(203)
  @Header('X-Static', 'same')
  numbered(
    @Param('id') id: string,
    @Query('q') q: string,
    @Req() request: AppRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): unknown {
    return { id, q, run: this.origin.answer(request, reply) };
  }

  @Post('number/:id')
  change(@Param('id') id: string, @Body() body: unknown): object {
    return { id, body };
  }

  @Delete('number/:id')
  remove(): never {
    throw new HttpException('no', 409);
  }

  @Get('shared/:path')
  @HttpCache({ shared: true, tags: ['shared'] })
  shared(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('language/:path')
  @HttpCache({ vary: ['Accept-Language'], tags: () => ['computed'] })
  language(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('stale/:path')
  @HttpCache({ ttl: '10s', staleWhileRevalidate: '20s', staleIfError: '40s' })
  stale(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('errors/:path')
  @HttpCache({ ttl: '10s', staleIfError: '40s', statuses: [503] })
  errors(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('keyed/:path')
  @HttpCache({
    key: (context) =>
      new URL(context.switchToHttp().getRequest<AppRequest>().url, 'http://x').searchParams.get('id') ??
      'none',
  })
  keyed(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('anyhost')
  @HttpCache({ host: false })
  anyHost(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('missing')
  @UseFilters(SeeingFilter)
  @HttpCache({ statuses: [404] })
  missing(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('fields')
  @HttpCache({ headers: ['X-Kept', 'X-Both'], withoutHeaders: ['X-Both'] })
  fields(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('deaf')
  @HttpCache({ clientControl: false })
  deaf(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('out')
  @HttpCache(false)
  out(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('own')
  own(@Req() request: AppRequest, @Res() reply: Reply): void {
    reply.header('X-Own', 'yes').send(`own ${String(this.origin.answer(request, reply))}`);
  }

  @Sse('events')
  events(@Req() request: AppRequest, @Res() reply: Reply): Observable<{ data: string }> {
    return of({ data: String(this.origin.answer(request, reply)) });
  }

  @Get('moved')
  @Redirect('/elsewhere', 302)
  moved(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): undefined {
    this.origin.answer(request, reply);
    return undefined;
  }

  @Get('stream')
  stream(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): StreamableFile {
    return new StreamableFile(
      Readable.from([Buffer.from(`stream ${String(this.origin.answer(request, reply))}`)]),
    );
  }

  @Get('observable')
  observable(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Observable<unknown> {
    return of('first', { last: this.origin.answer(request, reply) });
  }

  @Get('wrapped')
  @UseInterceptors(HttpCacheInterceptor, Wrapping)
  wrapped(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Head('head-only')
  headOnly(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}
