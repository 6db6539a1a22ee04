import { type Phase, shorten } from '@launchtail/client/protocol'

/** A line of the log, by its place in the list. */
export interface Quoted {
  readonly index: number
  readonly message: string
}

/** A line that may tell why the launch fails. */
export interface Candidate extends Quoted {
  /** The more, the more it tells: see `WEIGHTS`. */
  readonly weight: number
  /** Not where no row of the tables fits. */
  readonly code?: string
  /** What the row says to do, where that is not the usual advice on its code. */
  readonly advice?: string
  readonly phase: Phase
  /** Which of several processes said so. */
  readonly place?: string
  /** The line that announced it, such as the head of a chain of reasons. */
  readonly under?: Quoted
  /** The launch went on behind it. */
  readonly survived?: true
  /** So many steps forward came behind it. */
  readonly passed?: number
  /** So many lines of its process that complain of nothing came behind it. */
  readonly calm?: number
  /** Its reason is on the next line of its block. */
  readonly open?: true
}

/** How much each kind of line tells. Of the highest the earliest is the cause. */
export const WEIGHTS = {
  certain: 40,
  /** A last word that is only likely: of a time-out, say. */
  lastWord: 35,
  likely: 30,
  exception: 30,
  complaint: 20,
  /** A likely one that is only a warning. */
  warning: 15,
} as const

/** How many candidates are kept, and how much of each line. */
const MOST = 6

/** Adds one, at the cost of the one that tells least. */
export function withCandidate(
  candidates: readonly Candidate[],
  candidate: Candidate,
): readonly Candidate[] {
  // The same complaint of another process, or again in another head, tells nothing new.
  if (candidates.some(({ message, survived }) => !survived && message === candidate.message)) {
    return candidates
  }
  const all = [...candidates, candidate]
  if (all.length <= MOST) return all
  const least = all.reduce((a, b) => (rank(b) <= rank(a) ? b : a))
  return all.filter((one) => one !== least)
}

/** The one that tells most; of equals the earliest. */
export function best(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (most, one) => (most && rank(most) >= rank(one) ? most : one),
    undefined,
  )
}

/** What was survived is worth less than whatever was not. */
function rank({ weight, survived }: Candidate): number {
  return survived ? weight - 100 : weight
}

export function cut(text: string): string {
  return shorten(text)
}
