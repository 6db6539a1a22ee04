import type { Phase } from '@launchtail/client/protocol'
import type { Block } from '../blocks.js'
import { type Candidate, cut, type Quoted, WEIGHTS } from './evidence.js'

/** What the entries of a launch have told of why it may fail. JSON, and of bounded size. */
export interface Clues {
  readonly phase: Phase
  readonly progress: number
  readonly candidates?: readonly Candidate[]
  /** Something failed, says a line that does not say what. */
  readonly wrapper?: Quoted & { readonly code?: string; readonly advice?: string }
  /** The ranks that failed by themselves, where others were ended because of them. */
  readonly failedRanks?: readonly string[]
  /** What each process is in the middle of. */
  readonly blocks?: Readonly<Record<string, Block>>
  /** A server has begun; if one begins again, the first has failed. */
  readonly started?: true
  /** What comes now only repeats it. */
  readonly settled?: true
}

export const NO_CLUES: Clues = { phase: 'queued', progress: 0 }

/** How many processes' blocks are kept. */
const MOST_BLOCKS = 16

/** What earlier versions stored: one line at most, without its place in the list. */
interface Earlier {
  readonly best?: EarlierLine
  readonly wrapper?: EarlierLine
  readonly traceback?: string
}

interface EarlierLine {
  readonly rank: number
  readonly message: string
  readonly code?: string
  readonly phase: Phase
}

const WEIGHT_OF_RANK = [0, WEIGHTS.complaint, WEIGHTS.exception, WEIGHTS.likely, WEIGHTS.certain]

/** Stored clues in today's form: a launch may have begun under an earlier version. */
export function current(stored: Clues | (Clues & Earlier)): Clues {
  const { best, wrapper, traceback, ...rest } = stored as Clues & Earlier
  const isEarlier = best ?? traceback ?? (wrapper && !('index' in wrapper))
  if (!isEarlier) return stored
  return {
    ...rest,
    ...(best && {
      candidates: [
        {
          ...placeless(best),
          weight: WEIGHT_OF_RANK[best.rank] ?? WEIGHTS.complaint,
          phase: best.phase,
        },
      ],
    }),
    ...(wrapper && { wrapper: placeless(wrapper) }),
  }
}

/** A line whose place is not known is quoted, and not linked to. */
function placeless({ message, code }: EarlierLine): Quoted & { readonly code?: string } {
  return { index: -1, message: cut(message), ...(code !== undefined && { code }) }
}

export const NO_BLOCKS: Readonly<Record<string, Block>> = {}

export function withBlock(clues: Clues, key: string, block: Block | undefined): Clues {
  const { [key]: _, ...others } = clues.blocks ?? NO_BLOCKS
  if (!block) {
    const { blocks: __, ...rest } = clues
    return Object.keys(others).length > 0 ? { ...rest, blocks: others } : rest
  }
  const kept = Object.entries(others).slice(-(MOST_BLOCKS - 1))
  return { ...clues, blocks: { ...Object.fromEntries(kept), [key]: block } }
}
