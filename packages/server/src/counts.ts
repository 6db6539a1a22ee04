/** What the server counts from its start. */
export interface Counts {
  appended: number
  skipped: number
  leftOut: number
  faults: number
}

export function createCounts(): Counts {
  return { appended: 0, skipped: 0, leftOut: 0, faults: 0 }
}
