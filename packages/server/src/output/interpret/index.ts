import { type Draft, type LaunchState, PHASE_TABLE, phaseOrder } from '@launchtail/client/protocol'
import { compose, docker } from './docker.js'
import { huggingFace } from './huggingface.js'
import { readHeading } from './levels.js'
import { pip } from './pip.js'
import { withoutPrefix } from './prefix.js'
import { compile, type Match } from './rule.js'
import { server } from './server.js'
import { skypilot } from './skypilot.js'
import { skypilotOld } from './skypilot-old.js'
import { uv } from './uv.js'
import { vllm } from './vllm.js'

export type { Rule } from './rule.js'

export interface Interpreted {
  /** What to store; the time is the caller's. */
  readonly draft: Draft
  readonly state: LaunchState
}

/**
 * Makes an entry of a line that was cleaned and had its secrets taken out. Phase and progress
 * never go back, and no line makes a launch `active` or `failed`: that is for the probe and the
 * launcher to say. Undefined where there is nothing to store.
 */
export function interpret(
  state: LaunchState,
  line: { readonly text: string; readonly spinner?: string; readonly heartbeat?: boolean },
): Interpreted | undefined {
  if (line.heartbeat) return undefined
  const { text, writer, details } = withoutPrefix(line.text || line.spinner || '')
  const { message, words, level } = readHeading(text)
  const found = RULES[writer](words)
  const entered = writer === 'setup' && phaseOrder(state.phase) < INSTALLING ? IN_SETUP : state
  const next = advance(entered, found)
  const moved = next !== undefined || entered !== state
  const { phase, progress } = next ?? entered
  return {
    draft: {
      level: found?.rule.level ?? level,
      message,
      phase,
      ...(moved && { progress }),
      ...(details !== undefined && { details }),
    },
    state: moved ? { phase, progress } : state,
  }
}

/** SkyPilot's words count only where no program that it runs can have written them. */
const RULES = {
  anybody: compile(skypilot, skypilotOld, pip, uv, docker, compose, huggingFace, vllm, server),
  task: compile(pip, uv, docker, compose, huggingFace, vllm, server),
  setup: compile(pip, uv, docker),
}

const INSTALLING = phaseOrder('installing')
/** The first line of a setup may be any program's. */
const IN_SETUP: LaunchState = { phase: 'installing', progress: 62 }

/** The state behind the line; undefined if it moved nothing. */
function advance(state: LaunchState, found: Match | undefined): LaunchState | undefined {
  const phase = found?.rule.phase
  // What belongs to a phase that is over is a failover's, a crash loop's, or another node's.
  if (!found || !phase || phaseOrder(phase) < phaseOrder(state.phase)) return undefined
  const { progress } = found.rule
  const given = typeof progress === 'function' ? progress(found.match, state) : progress
  if (given === undefined && phase === state.phase) return undefined
  const reached = given ?? PHASE_TABLE[phaseOrder(phase)]?.from ?? 0
  return { phase, progress: Math.max(state.progress, reached) }
}
