/** Size of a slab in bytes. */
const slabBytes = 128 * 1024;
/** Larger buffers are allocated by themselves. */
const largestPart = slabBytes / 16;

let slab = Buffer.allocUnsafe(0);
let used = 0;

/**
 * Allocates uninitialized bytes from a slab that many small buffers share. `Buffer.allocUnsafe` uses slabs of 8 kB:
 * with entries of 1 kB that is an off-heap allocation for every seven, which costs more than writing them. A retained
 * part retains its whole slab, so copy buffers that outlive a command.
 */
export function allocateFromSlab(bytes: number): Buffer {
  if (bytes > largestPart) return Buffer.allocUnsafe(bytes);
  if (used + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  const part = slab.subarray(used, used + bytes);
  used += bytes;
  return part;
}
