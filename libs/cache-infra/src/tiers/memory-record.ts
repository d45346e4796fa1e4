/** What an L1 entry carries beyond its value, when it carries anything. */
export interface RecordDetail {
  /** As the tag table names them. */
  readonly tags: readonly string[];
  /** State of the tag table that the value was made under. */
  readonly tagEpoch: number;
  /** Version of the tag table that this entry was last checked against. */
  checkedVersion: number;
}

/**
 * An L1 entry. One comparison decides a plain hit: `now < record.expiresAt` and no `detail`. Kept small:
 * an application holds many.
 */
export class MemoryRecord {
  constructor(
    readonly value: unknown,
    /** Milliseconds since the epoch; `Infinity` = never. */
    readonly expiresAt: number,
    readonly detail: RecordDetail | undefined,
  ) {}
}
