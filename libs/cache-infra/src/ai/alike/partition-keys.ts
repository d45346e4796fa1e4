import { sha256 } from '../../keys/digest.js';

/** Requests whose texts may stand for each other: one operation, and everything of the request but the text. */
export interface AlikePartition {
  /**
   * The operation with everything of the request but the text, such as a digest: tenant, model, prompt, parameters.
   * Texts of different partitions are never compared.
   */
  readonly id: string;
  /** Tags of the answers by their request (operation, tenant, …). Invalidating one of them removes the vectors. */
  readonly tags: readonly string[];
}

/** The keys of a partition's entries. Its vectors are keyed by an epoch, a random text that goes with the partition. */
export class PartitionKeys {
  readonly partition: string;

  constructor(scope: string, { id }: AlikePartition) {
    this.partition = sha256(JSON.stringify([scope, id]));
  }

  get epoch(): string {
    return `epoch:${this.partition}`;
  }

  /** Of this partition and epoch alone, also if two partitions had one epoch. */
  head(epoch: string): string {
    return `head:${this.partition}:${epoch}`;
  }

  segment(epoch: string, number: number): string {
    return `vectors:${this.partition}:${epoch}:${number}`;
  }
}
