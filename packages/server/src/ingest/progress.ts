import {
  type Draft,
  foldLaunch,
  goesBack,
  isTerminal,
  type LaunchState,
  type Phase,
} from '@launchtail/client/protocol'

/** Where the launch is, as far as a draft may tell it. */
interface Step {
  phase?: Phase
  progress?: number
}

type Claim = { [Key in keyof Step]: Step[Key] | undefined }

export interface StepOptions {
  /** The step may end the launch. */
  mayEnd: boolean
  /** The step may begin a new launch. */
  mayBegin: boolean
}

/** The launch's state after a draft, and the draft with as much of its step as is allowed. */
export function proceed(
  state: LaunchState,
  { phase, progress, ...rest }: Draft,
  options: StepOptions,
): { state: LaunchState; draft: Draft } {
  const step = allowedStep(state.phase, { phase, progress }, options)
  return {
    state: foldLaunch(state, { phase: state.phase, ...step }),
    draft: { ...rest, ...step },
  }
}

function allowedStep(before: Phase, claim: Claim, { mayEnd, mayBegin }: StepOptions): Step {
  const { phase } = claim
  // What a node prints while it serves does not launch it again.
  if (isTerminal(before)) return mayBegin ? defined(claim) : {}
  if (phase === undefined) return defined(claim)
  if (goesBack(before, phase)) return {}
  if (!isTerminal(phase) || mayEnd) return defined(claim)
  return phase === 'active' ? { phase: 'health_check', progress: 95 } : {}
}

function defined({ phase, progress }: Claim): Step {
  return { ...(phase !== undefined && { phase }), ...(progress !== undefined && { progress }) }
}
