import { SerializationError } from '../base/errors.js';

/** A stored value that cannot be revived. The usual cause: another release stored it. */
export class ReviveFailure extends SerializationError {}

/** A stored value that does not fit the schema of the call: a miss. */
export class SchemaMismatch extends ReviveFailure {}
