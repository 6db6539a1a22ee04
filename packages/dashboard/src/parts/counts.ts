/** A number of things for people: `1,000` where that is how they write it. */
export function counted(count: number): string {
  // To find out how they write it takes a browser some 15 ms, the first time.
  return count < 1000 ? String(count) : count.toLocaleString()
}
