import { ApiProperty } from '@nestjs/swagger';
import { experiments, type Experiment, type RedisState } from './lesson-words.js';
import type { DatabaseState } from './price-database.js';
import type { Source } from './reader.js';

/** The actions of the page: the experiments, what ends them, and a new start. */
export const actions = [...experiments, 'database-fine', 'redis-start', 'start-over'] as const;
export type Action = (typeof actions)[number];

const sources = ['memory', 'redis', 'database', 'shared', 'stale', 'error'] as const;

export class ShownCounts {
  @ApiProperty({ type: 'integer', example: 240 })
  readonly reads!: number;

  @ApiProperty({ type: 'integer', example: 4, description: 'Queries to the database' })
  readonly queries!: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'Reads that ended with an error' })
  readonly errors!: number;

  @ApiProperty({ type: 'integer', example: 0, description: 'Reads of a price that had changed before' })
  readonly old!: number;

  @ApiProperty({
    type: 'integer',
    example: 0,
    description: 'Reads of a value past its ttl, within its grace',
  })
  readonly stale!: number;

  @ApiProperty({ type: 'integer', example: 152, description: 'The longest wait, in milliseconds' })
  readonly slowest!: number;
}

export class ShownReading {
  @ApiProperty({ enum: sources, example: 'memory' })
  readonly source!: Source | 'error';

  @ApiProperty({
    type: 'integer',
    required: false,
    example: 3900,
    description: 'In cents; absent after an error',
  })
  readonly price?: number | undefined;

  @ApiProperty({ example: false, description: 'True if the price had changed before' })
  readonly isOld!: boolean;

  @ApiProperty({ example: 0.04, description: 'Milliseconds' })
  readonly ms!: number;

  @ApiProperty({ type: 'integer', example: 1, description: 'Callers at the same moment' })
  readonly callers!: number;

  @ApiProperty({ type: 'integer', example: 240, description: 'Increases by one with each reading' })
  readonly number!: number;
}

export class ShownLane {
  @ApiProperty({ type: ShownCounts })
  readonly counts!: ShownCounts;

  @ApiProperty({ type: [ShownReading], description: 'The latest readings, oldest first' })
  readonly recent!: readonly ShownReading[];
}

export class ShownInstance {
  @ApiProperty({ enum: ['A', 'B'], example: 'A' })
  readonly name!: 'A' | 'B';

  @ApiProperty({ type: ShownLane, description: 'Reads through a cache of this library' })
  readonly cache!: ShownLane;

  @ApiProperty({ type: ShownLane, description: 'Reads through a plain Map' })
  readonly map!: ShownLane;
}

export class ShownDid {
  @ApiProperty({ example: '200' })
  readonly figure!: string;

  @ApiProperty({ example: 'database queries' })
  readonly unit!: string;

  @ApiProperty({ example: 'The Map asked the database 200 times.' })
  readonly text!: string;

  @ApiProperty({ example: true, description: 'True if a shopper or the database suffered' })
  readonly isBad!: boolean;
}

export class ShownLesson {
  @ApiProperty({ example: '100 callers asked each instance at the same moment.' })
  readonly title!: string;

  @ApiProperty({ type: ShownDid })
  readonly map!: ShownDid;

  @ApiProperty({ type: ShownDid })
  readonly cache!: ShownDid;

  @ApiProperty({ example: 'When a popular entry expires, every waiting request runs the same query.' })
  readonly why!: string;
}

export class ShownExperiment {
  @ApiProperty({ enum: experiments, example: 'callers' })
  readonly experiment!: Experiment;

  @ApiProperty({ type: 'integer', example: 1, description: 'Increases by one with each experiment' })
  readonly number!: number;

  @ApiProperty({ example: true, description: 'False while it runs, and its counts grow' })
  readonly isOver!: boolean;

  @ApiProperty({ type: ShownCounts, description: 'Both instances together' })
  readonly map!: ShownCounts;

  @ApiProperty({ type: ShownCounts, description: 'Both instances together' })
  readonly cache!: ShownCounts;

  @ApiProperty({ type: ShownLesson })
  readonly lesson!: ShownLesson;
}

export class LogLine {
  @ApiProperty({ type: 'integer', example: 7, description: 'Increases by one with each line' })
  readonly number!: number;

  @ApiProperty({ example: '2026-01-31T12:00:00.000Z', format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ example: 'Redis stops' })
  readonly text!: string;
}

/** What the page at `/` shows. */
export class LiveState {
  @ApiProperty({ enum: ['running', 'stopped', 'none'], example: 'running' })
  readonly redis!: RedisState;

  @ApiProperty({ enum: ['fine', 'slow', 'failing'], example: 'fine' })
  readonly database!: DatabaseState;

  @ApiProperty({ type: 'integer', example: 3900, description: 'The price in the database, in cents' })
  readonly price!: number;

  @ApiProperty({
    type: String,
    nullable: true,
    example: null,
    description: 'The path of the dashboard; null if the demo has none',
  })
  readonly dashboard!: string | null;

  @ApiProperty({
    type: ShownExperiment,
    nullable: true,
    description: 'The latest experiment; null before the first',
  })
  readonly experiment!: ShownExperiment | null;

  @ApiProperty({ type: [ShownInstance] })
  readonly instances!: readonly ShownInstance[];

  @ApiProperty({ type: [LogLine], description: 'Oldest first' })
  readonly log!: readonly LogLine[];
}
