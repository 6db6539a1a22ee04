import { type NodeRecord, PHASES, type Phase } from '@launchtail/client/protocol'
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { serverNow } from '../clock.js'
import { stepOf } from '../parts/PhaseRail.js'
import { Progress } from '../parts/Progress.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'
import { type UsualTimes, usualTimesOf } from './usual-times.js'

/** The usual times are asked for after the log, which is what the reader came for. In ms. */
const USUAL_TIMES_DELAY = 700

/** The eight phases with the time each took, and the time it usually takes. */
export function PhaseTimes({ node }: { node: NodeRecord }) {
  const usual = useUsualTimes(node)
  return (
    <div class="phase-times" data-status={node.status}>
      <ol>
        {PHASES.map((phase) => {
          const step = stepOf(node, phase)
          const median = usual?.medians.get(phase)
          return (
            <li
              key={phase}
              data-phase={phase}
              data-step={step}
              aria-current={step === 'now' ? 'step' : undefined}
            >
              <i />
              <span class="step">{phaseName(phase)}</span>
              <span class="took">{durationIn(node, phase)}</span>
              {median !== undefined && (
                <span class="usual" title={`The median of ${usual?.launches} similar launches`}>
                  usually {span(median)}
                </span>
              )}
            </li>
          )
        })}
      </ol>
      <Progress progress={node.progress} />
    </div>
  )
}

function useUsualTimes({ provider, gpu, model }: NodeRecord): UsualTimes | undefined {
  const usual = useSignal<UsualTimes | undefined>(undefined)
  useEffect(() => {
    const ask = () =>
      usualTimesOf({ provider, gpu, model }).then(
        (found) => {
          usual.value = found
        },
        // The page does without them; whatever is wrong shows elsewhere.
        () => {},
      )
    const timer = setTimeout(ask, USUAL_TIMES_DELAY)
    return () => clearTimeout(timer)
  }, [provider, gpu, model, usual])
  return usual.value
}

/** How long a launch was in a phase, all stays together; empty where it was not, or where it stays. */
function durationIn({ phases }: NodeRecord, phase: Phase): string {
  const stays = phases.filter((timing) => timing.phase === phase)
  if (stays.length === 0 || phase === 'active' || phase === 'failed') return ''
  const total = stays.reduce((sum, { started_at, ended_at, duration_ms }) => {
    const end = ended_at ? Date.parse(ended_at) : serverNow.value
    return sum + (duration_ms ?? end - Date.parse(started_at))
  }, 0)
  return span(total)
}
