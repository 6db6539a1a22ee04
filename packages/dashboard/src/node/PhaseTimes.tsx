import { type NodeRecord, PHASES } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { serverNow } from '../clock.js'
import { Progress } from '../fleet/NodeRow.js'
import { stepOf } from '../parts/PhaseRail.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'
import { type Usual, usualOf } from './usual.js'

/** What is usual is asked for when the log is there: that is what one came for. In ms. */
const LATER = 700

/** The eight phases with the time each took, and what it usually takes. */
export function PhaseTimes({ node }: { node: NodeRecord }) {
  const usual = useSignal<Usual | undefined>(undefined)
  const { provider, gpu, model } = node
  useEffect(() => {
    const ask = () =>
      usualOf({ provider, gpu, model }).then(
        (found) => {
          usual.value = found
        },
        // It is a nicety, and the server has more to say about what is wrong elsewhere.
        () => {},
      )
    const timer = setTimeout(ask, LATER)
    return () => clearTimeout(timer)
  }, [provider, gpu, model, usual])

  return (
    <div class="phase-times" data-status={node.status}>
      <ol>
        {PHASES.map((phase) => {
          const step = stepOf(node, phase)
          const ordinary = usual.value?.durations.get(phase)
          return (
            <li
              key={phase}
              data-phase={phase}
              data-step={step}
              aria-current={step === 'now' ? 'step' : undefined}
            >
              <i />
              <span class="step">{phaseName(phase)}</span>
              <span class="took">{took(node, phase)}</span>
              {ordinary !== undefined && (
                <span
                  class="usual"
                  title={`The middle of ${usual.value?.launches} launches like it`}
                >
                  usually {span(ordinary)}
                </span>
              )}
            </li>
          )
        })}
      </ol>
      <Progress node={node} />
    </div>
  )
}

/** How long a launch was in a phase, all of its stays together. */
function took({ phases }: NodeRecord, phase: string): string {
  const stays = phases.filter((timing) => timing.phase === phase)
  // The last ones have a beginning only.
  if (stays.length === 0 || phase === 'active' || phase === 'failed') return ''
  const total = stays.reduce((sum, { started_at, ended_at, duration_ms }) => {
    const end = ended_at ? Date.parse(ended_at) : serverNow.value
    return sum + (duration_ms ?? end - Date.parse(started_at))
  }, 0)
  return span(total)
}
