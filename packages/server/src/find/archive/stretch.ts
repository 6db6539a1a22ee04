/** Numbers of entries, both included. */
export interface Stretch {
  readonly first: number
  readonly last: number
}

export const EVERYWHERE: Stretch = {
  first: Number.MIN_SAFE_INTEGER,
  last: Number.MAX_SAFE_INTEGER,
}
