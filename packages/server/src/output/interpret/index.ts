import { type Draft, type LaunchState, PHASE_TABLE, phaseOrder } from '@launchtail/client/protocol'
import { readBar, stepOf } from '../bars.js'
import { compile, type Match } from '../compile.js'
import { detailsOf } from '../details.js'
import { type Peeled, peel } from '../peel.js'
import { type Rule, TOOLS } from '../tools/index.js'
import { wordsOf } from '../words.js'
import { createCommandsBlock } from './commands-block.js'
import { createLevels } from './line-levels.js'
import { withoutViewLogs } from './view-logs.js'
import { voiceOf } from './voices.js'

export type { Rule } from '../tools/index.js'

export interface Interpreted {
  /** What to store; the time is the caller's. */
  readonly draft: Draft
  readonly state: LaunchState
  /** The words were quoted or escaped, so a secret may show now that did not before. */
  readonly decoded: boolean
}

export interface ShownLine {
  readonly text: string
  readonly spinner?: string
  readonly heartbeat?: boolean
}

/** Reads one output. It remembers what a line belongs to, such as a traceback. */
export interface Reader {
  /**
   * Makes an entry of a line that was cleaned and had its secrets taken out. Phase and progress
   * never go back, and no line makes a launch `active` or `failed`: that is for the probe and the
   * launcher to say. Undefined where there is nothing to store.
   */
  read(state: LaunchState, line: ShownLine): Interpreted | undefined
  /** True while lines are held back that make one entry together. */
  isHolding(): boolean
  /** The entry of lines that are still held back when the output ends. */
  end(state: LaunchState): Interpreted | undefined
}

export function createReader(): Reader {
  const levels = createLevels()
  const commands = createCommandsBlock()
  return { read, isHolding: commands.isOpen, end }

  function end(state: LaunchState): Interpreted | undefined {
    const block = commands.end()
    if (!block) return undefined
    const { phase } = state
    return { draft: { level: 'info', phase, ...block }, state, decoded: false }
  }

  function read(state: LaunchState, line: ShownLine): Interpreted | undefined {
    if (line.heartbeat) return undefined
    const peeled = peel(line.text || line.spinner || '')
    const { message, format, decoded } = peeled
    const words = wordsOf(message)
    const { level, inBlock } = levels.next(peeled)
    if (words === '' && message.trim() === '' && format === undefined && !inBlock) return undefined
    const block = commands.take(message)
    if (!block) return undefined
    const found = rulesFor(peeled)(words)
    const next = advance(state, found, peeled, words)
    const { phase, progress } = next ?? state
    const { message: shown, suffix } = withoutViewLogs(block.message)
    const details = joined(detailsOf(peeled), suffix, found?.rule.note, block.details)
    const draft: Draft = { level: found?.rule.level ?? level, message: shown, phase }
    if (next) draft.progress = progress
    if (details !== undefined) draft.details = details
    return { draft, state: next ?? state, decoded }
  }
}

function joined(...parts: (string | undefined)[]): string | undefined {
  let text: string | undefined
  for (const part of parts) {
    if (part !== undefined) text = text === undefined ? part : `${text}\n${part}`
  }
  return text
}

/** Reads a line that belongs to no other. */
export function interpret(state: LaunchState, line: ShownLine): Interpreted | undefined {
  return createReader().read(state, line)
}

const rulesOf = (...spoken: string[]) =>
  compile(TOOLS.filter((tool) => spoken.includes(tool.spoken)).flatMap(({ rules }) => rules))

/** SkyPilot's words count only where no program that it runs can have written them. */
const RULES = {
  anybody: rulesOf('by SkyPilot', 'by anybody', 'by a server'),
  task: rulesOf('by anybody', 'by a server'),
  setup: rulesOf('by anybody'),
}

/** A controller of SkyPilot's runs as a job, too, and its lines have its own head. */
function rulesFor({ writer, format }: Peeled) {
  return writer === 'task' && format === 'skypilot' ? RULES.anybody : RULES[writer]
}

const INSTALLING = phaseOrder('installing')
const LOADING = phaseOrder('model_loading')
/** The first line of a setup may be any program's. */
const IN_SETUP: LaunchState = { phase: 'installing', progress: 62 }

/** The state behind the line; undefined if it moved nothing. */
function advance(
  before: LaunchState,
  found: Match<Rule> | undefined,
  peeled: Peeled,
  words: string,
): LaunchState | undefined {
  const { writer } = peeled
  const entered = writer === 'setup' && phaseOrder(before.phase) < INSTALLING ? IN_SETUP : before
  const isTold = writer === 'setup' || (found?.rule.phase !== undefined && !peeled.format)
  // The words say more than the name of the process: an engine's worker may install something.
  const spoken = isTold ? entered : (byVoice(entered, peeled) ?? entered)
  const ruled = found ? byRule(spoken, found) : byBar(spoken, words, writer)
  const next = ruled ?? spoken
  return next === before ? undefined : next
}

function byVoice(state: LaunchState, peeled: Peeled): LaunchState | undefined {
  if (phaseOrder(state.phase) >= LOADING) return undefined
  const voice = voiceOf(peeled)
  return voice && reach(state, voice.phase, undefined)
}

function byRule(state: LaunchState, { rule, match }: Match<Rule>): LaunchState | undefined {
  if (rule.phase === undefined) return undefined
  const { progress } = rule
  const given = typeof progress === 'function' ? progress(match, state) : progress
  return reach(state, rule.phase, given)
}

function byBar(
  state: LaunchState,
  words: string,
  writer: Peeled['writer'],
): LaunchState | undefined {
  const bar = readBar(words)
  const step = bar && stepOf(bar, state)
  if (!step || (writer === 'setup' && step.phase !== 'installing')) return undefined
  return reach(state, step.phase, step.progress)
}

/** What belongs to a phase that is over is a failover's, a crash loop's, or another node's. */
function reach(
  state: LaunchState,
  phase: LaunchState['phase'],
  given: number | undefined,
): LaunchState | undefined {
  if (phaseOrder(phase) < phaseOrder(state.phase)) return undefined
  if (given === undefined && phase === state.phase) return undefined
  const reached = given ?? PHASE_TABLE[phaseOrder(phase)]?.from ?? 0
  return { phase, progress: Math.max(state.progress, reached) }
}
