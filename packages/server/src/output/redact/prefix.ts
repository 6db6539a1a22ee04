/** Where a line begins behind the names of its process: `(setup pid=1) `, `(worker1, rank=1) `. */
export function behindPrefix(line: string): number {
  return PREFIXES.exec(line)?.[0].length ?? 0
}

const PREFIXES = /^(?:\([^()]{1,100}\) ?){0,4}/
