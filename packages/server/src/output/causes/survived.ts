import { phaseOrder } from '@launchtail/client/protocol'
import type { Clues } from './clues.js'
import { type Candidate, WEIGHTS } from './evidence.js'
import type { Line } from './line.js'

/** So many steps forward of a server's, and no earlier complaint can have ended it. */
const MOST_PASSED = 2

/** So many lines without a complaint, and a process has survived one that ended no traceback. */
const CALM = 12

/** Without what the launch has survived: it went on to the next phase, or with its work. */
export function survived(clues: Clues, { entry, place }: Line): Clues {
  const { phase, progress } = entry
  const reached = Math.max(clues.progress, progress ?? 0)
  if (reached === clues.progress && phase === clues.phase) return clues
  const now: Clues = {
    phase,
    progress: reached,
    ...(clues.started && { started: clues.started }),
    ...(clues.blocks && { blocks: clues.blocks }),
  }
  // A complaint may be the first line that tells how far the launch had come.
  if (entry.level === 'error') return { ...clues, ...now }
  if (phaseOrder(phase) > phaseOrder(clues.phase) && phase !== 'failed') return now
  const { candidates, wrapper, settled } = clues
  // While machines are looked for, each step is another try.
  const tries = phaseOrder(phase) < phaseOrder('installing')
  if (reached === clues.progress || !candidates || tries) return { ...clues, ...now }
  const kept = candidates.flatMap((one) => {
    if ((one.place !== undefined && one.place !== place?.slice(0, 200)) || settled) return [one]
    const passed = (one.passed ?? 0) + 1
    // A setup that goes on has got over it; of a server another process may go on for a moment.
    const over = phase === 'installing' || one.weight <= WEIGHTS.complaint || passed > MOST_PASSED
    return over ? [] : [{ ...one, passed, survived: true as const }]
  })
  const passed = kept.length < candidates.length
  return {
    ...now,
    ...(settled && { settled }),
    ...(kept.length > 0 && { candidates: kept }),
    ...(wrapper && !passed && { wrapper }),
  }
}

/** A process that goes on quietly has survived what it complained of, unless that ended something. */
export function calmer(clues: Clues, { place, entry }: Line): Clues {
  const { candidates } = clues
  if (!candidates || entry.level !== 'info') return clues
  const near = place?.slice(0, 200)
  if (!candidates.some((one) => one.place === near && isPassing(one))) return clues
  return {
    ...clues,
    candidates: candidates.map((one) => {
      if (one.place !== near || !isPassing(one)) return one
      const calm = (one.calm ?? 0) + 1
      return calm >= CALM ? { ...one, calm, survived: true as const } : { ...one, calm }
    }),
  }
}

function isPassing({ weight, survived }: Candidate): boolean {
  return !survived && weight <= WEIGHTS.complaint
}
