/** A count as the reader's language writes it: `1,000`. */
export function counted(count: number): string {
  // The first use of a locale takes a browser some 15 ms.
  return count < 1000 ? String(count) : count.toLocaleString()
}
