import type { Phase } from '@launchtail/client/protocol'
import type { Block } from '../blocks.js'
import { type Candidate, cut, type Quoted, WEIGHTS } from './evidence.js'

/** What the entries of a launch have told of why it may fail. JSON, and of bounded size. */
export interface Clues {
  readonly phase: Phase
  readonly progress: number
  readonly candidates?: readonly Candidate[]
  /** Something failed, says a line that does not say what. */
  readonly wrapper?: Quoted & { readonly code?: string }
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

/** Clues that were stored by a version of before told of one line at most. */
export function current(clues: Clues & { best?: unknown; traceback?: unknown }): Clues {
  if (clues.best === undefined && clues.traceback === undefined) return clues
  const { best, traceback: _, wrapper: __, ...rest } = clues
  const { message, code, phase = clues.phase } = best as Partial<Candidate>
  if (typeof message !== 'string') return rest
  const weight = code === undefined ? WEIGHTS.exception : WEIGHTS.certain
  const candidate = { index: -1, message: cut(message), weight, phase, ...(code && { code }) }
  return { ...rest, candidates: [candidate] }
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
