import type { Phase } from '@launchtail/client/protocol'
import { peel } from '../peel.js'
import { wordsOf } from '../words.js'
import type { Clues } from './clues.js'
import { best, type Candidate, cut, type Quoted, WEIGHTS } from './evidence.js'
import { ofFailedRanks } from './failed-ranks.js'
import { type Cause, causeOf } from './index.js'
import { knownIn, type Surety } from './rows.js'

export interface Verdict {
  readonly cause: Cause
  /** What to do; a tool may know better than the cause in general. */
  readonly advice: string
  /** The line that says so; where there is none, the last word's own message. */
  readonly message: string
  /** At most three lines of the log, the first being the one that the message quotes. */
  readonly evidence: readonly Quoted[]
}

/** How much of the last word is looked at. */
const LOOKED_AT = 2000
/** How many lines of the last word's details are looked at: the output's last lines may follow. */
const LAST_WORDS = 8
const MOST_EVIDENCE = 3

/** What tells the stage that failed, where nothing tells why. The others say only that it ended. */
const STAGES = new Set([
  'setup_failed',
  'runtime_setup_failed',
  'warmup_failed',
  'crash_loop',
  'recovery_failed',
  'build_failed',
  'package_not_found',
  'no_capacity',
])

/** A cause, and what to do where that is not the usual advice. */
interface Named {
  readonly code?: string | undefined
  readonly advice?: string | undefined
}

interface LastWord {
  readonly message: string
  readonly details?: string | undefined
  /** Its place in the list, where it is an entry. */
  readonly index?: number | undefined
}

/** Why a launch failed, with the last word on it. */
export function conclude(clues: Clues, last: LastWord): Verdict {
  const { wrapper, phase, settled, failedRanks } = clues
  const candidates = ofFailedRanks(clues.candidates ?? [], failedRanks)
  const told = toldBy(last, phase)
  const most = best(candidates)
  const said = told && told.surety !== 'wrapper' ? told : undefined
  const isCause = most && (!most.survived || mayEnd(most)) && !isOfCancelling(most, said)
  const quoted = isCause ? most : undefined
  const agrees = quoted?.code !== undefined && quoted.code === said?.code
  if (quoted && (settled || agrees || weightOf(quoted) >= (said?.weight ?? 0))) {
    return verdict(named(quoted, wrapper?.code ? wrapper : told), quoted, [
      ...(quoted.under ? [quoted.under] : []),
      ...(wrapper ? [wrapper] : []),
    ])
  }
  if (said) return verdict(said, { message: said.message, index: last.index }, [])
  // That the launch ended is better said by whoever launched it; the stage that failed, by the log.
  const repeats = wrapper?.code === told?.code && !wrapper?.message.includes(last.message)
  if (wrapper?.code === undefined || !STAGES.has(wrapper.code) || repeats) {
    return verdict(
      told ?? wrapper,
      { message: last.message, index: last.index },
      wrapper ? [wrapper] : [],
    )
  }
  return verdict(wrapper, wrapper, [])
}

/** What was survived counts for less than any last word. */
function weightOf({ weight, survived }: Candidate): number {
  return survived ? 1 : weight
}

/** It was survived, as far as its process went on for a while; it may have ended the launch after all. */
function mayEnd({ weight }: Candidate): boolean {
  return weight >= WEIGHTS.complaint
}

/** Whoever cancels a job kills its processes, and the shell says so as if memory had run out. */
function isOfCancelling({ message }: Candidate, said: Told | undefined): boolean {
  return said?.code === 'cancelled' && KILLED.test(message)
}

const KILLED = /^(?:\S{1,200}: line \d{1,6}: {1,4}\d{1,10} )?Killed(?:$| {2,}\S)/

/** A line that names no cause is one of the stage in which it came. */
function named(quoted: Candidate, stage: Named | undefined): Named | undefined {
  if (quoted.code !== undefined) return quoted
  return stage?.code !== undefined && STAGES.has(stage.code) ? stage : undefined
}

function verdict(
  found: Named | undefined,
  { message, index }: { message: string; index?: number | undefined },
  more: readonly Quoted[],
): Verdict {
  const cause = causeOf(found?.code)
  const first = index === undefined || index < 0 ? [] : [{ index, message: cut(message) }]
  const evidence = [
    ...first,
    ...more.map(({ index: at, message: text }) => ({ index: at, message: text })),
  ]
    .filter(
      (one, i, all) => one.index >= 0 && all.findIndex((other) => other.index === one.index) === i,
    )
    .slice(0, MOST_EVIDENCE)
  return { cause, advice: found?.advice ?? cause.advice, message, evidence }
}

interface Told extends Named {
  readonly surety: Surety
  readonly weight: number
  readonly message: string
}

/** What the last word itself names, its message before its details. */
function toldBy({ message, details = '' }: LastWord, phase: Phase): Told | undefined {
  const lines = [message, ...details.split('\n', LAST_WORDS)]
  return lines
    .map((text, i): Told | undefined => {
      const words = wordsOf(peel(text.slice(0, LOOKED_AT)).message)
      const known = knownIn(words, phase, { last: i === 0 ? 'message' : 'details' })
      const weight = known ? LAST[known.surety] : 0
      if (!known) return undefined
      const { code, advice } = known.row
      return { surety: known.surety, weight, code, advice, message: cut(text) }
    })
    .reduce((most, one) => ((one?.weight ?? -1) > (most?.weight ?? -1) ? one : most), undefined)
}

const LAST: Record<Surety, number> = {
  certain: WEIGHTS.certain,
  likely: WEIGHTS.lastWord,
  wrapper: 0,
}
