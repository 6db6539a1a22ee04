import { rankIn } from '@launchtail/client/protocol'
import type { Candidate } from './evidence.js'

/** Exit codes of a process that was killed (9) or asked to end (15): another one has failed before it. */
const ENDED_BY_OTHERS = new Set([137, 143])

/**
 * The ranks that failed by themselves, as whoever ran all of them says when the job ends: the others
 * were ended because of them. Undefined for a line that does not tell them apart.
 */
export function failedRanksIn(words: string): readonly string[] | undefined {
  return ranksInList(words) ?? rankOfStep(words)
}

/** SkyPilot, with the exit code of each rank. */
function ranksInList(words: string): readonly string[] | undefined {
  const [, list] = LIST.exec(words) ?? []
  if (list === undefined) return undefined
  const codes = list.split(/[, ]+/).map(Number)
  const failed = codes.flatMap((code, rank) =>
    code === 0 || ENDED_BY_OTHERS.has(code) ? [] : [String(rank)],
  )
  return failed.length > 0 && failed.length < codes.length ? failed : undefined
}

const LIST = /\bJob \d{1,9} failed with return code list: \[(\d{1,3}(?:[, ]{1,2}\d{1,3}){1,1023})\]/

/** Slurm, when a task of a step ends: the first one that it says so of. */
function rankOfStep(words: string): readonly string[] | undefined {
  const [, rank, code] = STEP.exec(words) ?? []
  if (rank === undefined || ENDED_BY_OTHERS.has(Number(code))) return undefined
  return [rank]
}

const STEP = /^srun: error: \S{1,253}: task (\d{1,6}): Exited with exit code (\d{1,3})\b/

/** What the failed ranks have said, and what has no rank; everything if that is nothing. */
export function ofFailedRanks(
  candidates: readonly Candidate[],
  ranks: readonly string[] | undefined,
): readonly Candidate[] {
  if (!ranks) return candidates
  const rankOf = ({ place }: Candidate) => place && rankIn(`place: ${place}`)
  if (!candidates.some((one) => ranks.includes(rankOf(one) ?? ''))) return candidates
  return candidates.filter((one) => {
    const rank = rankOf(one)
    return rank === undefined || ranks.includes(rank)
  })
}
