/** Bytes of a slab. */
const slabBytes = 128 * 1024;
/** What takes more gets memory of its own. */
const largestPart = slabBytes / 16;

let slab = Buffer.allocUnsafe(0);
let used = 0;

/**
 * Uninitialized bytes, cut from a slab that many small buffers share. `Buffer.allocUnsafe` does the same with slabs of 8 kB, which for
 * entries of 1 kB means a piece of memory outside of the heap for every seven, and that costs more than what is written into them. As
 * with any slab, one part that is kept keeps all of it: what is kept longer than a command takes has to be copied.
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
