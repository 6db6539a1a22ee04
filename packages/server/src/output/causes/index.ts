import { type CauseRow, TOOLS } from '../tools/index.js'
import { CODES } from './codes.js'

/** Why launches fail: what that means and what to do, with every tool's lines that say so. */
export interface Cause {
  readonly code: string
  readonly means: string
  readonly advice: string
  readonly rows: readonly CauseRow[]
}

export const CAUSES: readonly Cause[] = Object.entries(CODES).map(([code, [means, advice]]) => {
  const rows = TOOLS.flatMap(({ causes }) => causes.filter((row) => row.code === code))
  return { code, means, advice, rows }
})

/** For what no row fits. */
export const UNKNOWN: Cause = {
  code: 'unknown',
  means: 'What went wrong is not one of the known causes.',
  advice: 'Read the log before the failure.',
  rows: [],
}

/** Codes that records of before have, by those of now. */
const RENAMED = new Map([['cuda_out_of_memory', 'gpu_out_of_memory']])

/** The cause of a code. */
export function causeOf(code: string | undefined): Cause {
  const now = RENAMED.get(code ?? '') ?? code
  return CAUSES.find((cause) => cause.code === now) ?? UNKNOWN
}
