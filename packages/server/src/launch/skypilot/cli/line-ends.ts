import { existsSync, readFileSync } from 'node:fs'

/** How many line ends a file has; 0 where it does not exist. */
export function lineEnds(file: string): number {
  if (!existsSync(file)) return 0
  let count = 0
  for (const byte of readFileSync(file)) if (byte === 10) count += 1
  return count
}
