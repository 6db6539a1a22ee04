import type { LaunchSummary, Phase } from '@launchtail/client'
import { timesOf, whySlower } from '@launchtail/client/compare'
import { inert } from '../parts/inert.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'

export interface PairProps {
  left: LaunchSummary
  right: LaunchSummary
  /** How the two are called. */
  names: readonly [left: string, right: string]
}

/** How long each launch was in each phase. */
export function Durations({ left, right, names }: PairProps) {
  const phases = timesOf(left, right)
  const longest = Math.max(1, ...phases.flatMap((times) => [times.left ?? 0, times.right ?? 0]))
  return (
    <section aria-labelledby="durations">
      <h2 id="durations">Time in each phase</h2>
      <p>{inert(whySlower(left, right, names)).replace(/^l(?=aunch \d)/, 'L')}</p>
      <table class="durations">
        <thead>
          <tr>
            <th scope="col">phase</th>
            <th scope="col">{inert(names[0])}</th>
            <td class="bars" />
            <th scope="col">{inert(names[1])}</th>
            <td class="bars" />
            <th scope="col">difference</th>
          </tr>
        </thead>
        <tbody>
          {phases.map(({ phase, ...times }) => (
            <tr key={phase}>
              <th scope="row">{phaseName(phase)}</th>
              <Time ms={times.left} phase={phase} longest={longest} />
              <Time ms={times.right} phase={phase} longest={longest} />
              <td>{difference(times.left, times.right)}</td>
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

function difference(left: number | undefined, right: number | undefined): string {
  if (left === undefined || right === undefined) return ''
  const text = span(Math.abs(right - left))
  if (text === '0s') return 'the same'
  return right > left ? `+${text}` : `−${text}`
}
