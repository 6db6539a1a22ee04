import type { LaunchSummary, Phase } from '@launchtail/client'
import { PHASES } from '@launchtail/client/protocol'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'

interface DurationsProps {
  left: LaunchSummary
  right: LaunchSummary
}

/** How long each launch was in each phase. */
export function Durations({ left, right }: DurationsProps) {
  const [ofLeft, ofRight] = [totals(left), totals(right)]
  const shown = PHASES.filter((phase) => ofLeft.has(phase) || ofRight.has(phase))
  const longest = Math.max(1, ...ofLeft.values(), ...ofRight.values())
  return (
    <section aria-labelledby="durations">
      <h2 id="durations">Time in each phase</h2>
      <table class="durations">
        <thead>
          <tr>
            <th scope="col">phase</th>
            <th scope="col">launch {left.number}</th>
            <td class="bars" />
            <th scope="col">launch {right.number}</th>
            <td class="bars" />
            <th scope="col">difference</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((phase) => (
            <tr key={phase}>
              <th scope="row">{phaseName(phase)}</th>
              <Time ms={ofLeft.get(phase)} phase={phase} longest={longest} />
              <Time ms={ofRight.get(phase)} phase={phase} longest={longest} />
              <td>{difference(ofLeft.get(phase), ofRight.get(phase))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Time({ ms, phase, longest }: { ms: number | undefined; phase: Phase; longest: number }) {
  return (
    <>
      <td>{ms === undefined ? '–' : span(ms)}</td>
      <td class="bars" aria-hidden="true">
        <i data-phase={phase} style={{ width: `${(100 * (ms ?? 0)) / longest}%` }} />
      </td>
    </>
  )
}

/** A launch may be in a phase several times. */
function totals({ phases }: LaunchSummary): Map<Phase, number> {
  const sums = new Map<Phase, number>()
  for (const { phase, duration_ms } of phases) {
    sums.set(phase, (sums.get(phase) ?? 0) + duration_ms)
  }
  return sums
}

function difference(left: number | undefined, right: number | undefined): string {
  if (left === undefined || right === undefined) return ''
  const text = span(Math.abs(right - left))
  if (text === '0s') return 'the same'
  return right > left ? `+${text}` : `−${text}`
}
