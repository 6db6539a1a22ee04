import { type NodeRecord, PHASES, type Phase, phaseOrder } from '@launchtail/client/protocol'
import { during, phaseName } from './phases.js'

/** The eight phases as eight marks: those behind it, the one it is in, and where it failed. */
export function PhaseRail({ node }: { node: NodeRecord }) {
  return (
    <span class="rail" role="img" aria-label={describe(node)}>
      {PHASES.map((phase) => (
        <i
          key={phase}
          data-phase={phase}
          data-step={stepOf(node, phase)}
          title={phaseName(phase)}
        />
      ))}
    </span>
  )
}

type Step = 'done' | 'now' | 'broken' | 'ahead'

/** A phase as this launch sees it: behind it, under way, where it failed, or ahead. */
export function stepOf({ phase, failure, phases, status }: NodeRecord, step: Phase): Step {
  if (phase === 'failed') {
    const end = status === 'terminated' ? 'done' : 'broken'
    if (step === 'failed') return status === 'terminated' ? 'ahead' : 'broken'
    const last = failure?.phase ?? phases.findLast((timing) => timing.phase !== 'failed')?.phase
    if (step === last) return end
    return last !== undefined && phaseOrder(step) < phaseOrder(last) ? 'done' : 'ahead'
  }
  if (step === 'failed') return 'ahead'
  if (step === phase) return phase === 'active' ? 'done' : 'now'
  return phaseOrder(step) < phaseOrder(phase) ? 'done' : 'ahead'
}

function describe({ phase, progress, failure, status }: NodeRecord): string {
  if (status === 'terminated') return 'terminated'
  if (phase === 'failed') return failure ? `failed ${during(failure.phase)}` : 'failed'
  return `phase ${phaseOrder(phase) + 1} of 8: ${phaseName(phase)}, ${Math.round(progress)} %`
}
