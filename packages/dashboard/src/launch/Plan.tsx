import type { LaunchPlan, NewPlan } from '@launchtail/client'
import { attemptsText, priceText } from '@launchtail/client/protocol'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { Table } from '../parts/Table.js'
import { span } from '../parts/times.js'
import type { AskedPlan } from './plan-state.js'

/** What the launch of the form would do, where somebody has asked for that. */
export function Plan({ asked, request }: { asked: AskedPlan | undefined; request: NewPlan }) {
  if (!asked) return null
  const isOld = JSON.stringify(asked.request) !== JSON.stringify(request)
  return (
    <section class="plan" aria-label="Plan" aria-busy={asked.state === 'waiting'}>
      <h2>Plan</h2>
      {isOld && <p class="hint">The form has changed since.</p>}
      {asked.state === 'waiting' && <p role="status">Asking …</p>}
      {asked.state === 'refused' && <Fault text={inert(asked.fault)} />}
      {asked.state === 'planned' && <Planned {...asked.plan} />}
    </section>
  )
}

function Planned({ task, places, attempts, problems, history }: LaunchPlan) {
  return (
    <>
      {problems.map(({ field, message }) => (
        <Fault key={`${field} ${message}`} text={inert(`${field}: ${message}`)} />
      ))}
      {places.length > 0 && <Places places={places} />}
      {attempts && <p>{attemptsText(attempts)}</p>}
      <p>{historyOf(history)}</p>
      {task !== '' && (
        <details>
          <summary>The task</summary>
          <pre>{inert(task)}</pre>
        </details>
      )}
    </>
  )
}

function Places({ places }: Pick<LaunchPlan, 'places'>) {
  return (
    <Table head={['Place', 'GPU', 'Price']}>
      {places.map((place, i) => (
        <tr key={i}>
          <td>{inert(place.infra)}</td>
          <td>{inert(place.gpu) || '–'}</td>
          <td>{priceText(place)}</td>
        </tr>
      ))}
    </Table>
  )
}

function historyOf(history: LaunchPlan['history']): string {
  const { launches, succeeded, active_p50_seconds: half, active_p90_seconds: most } = history
  if (launches === 0) return 'There was no launch like it so far.'
  const causes = history.causes.map(({ code, count }) => `${code} (${count})`).join(', ')
  const taken =
    half === undefined || most === undefined
      ? ''
      : ` Half of these were active within ${span(half * 1000)}, 90 % within ${span(most * 1000)}.`
  const failed = causes === '' ? '' : ` The others failed: ${causes}.`
  return `${launches} launches like it have ended, and ${succeeded} of them succeeded.${taken}${failed}`
}
