import type { NodeRecord } from '@launchtail/client'
import { inert } from '../parts/inert.js'
import { codeName, costOf } from '../parts/node-facts.js'
import { moment, span } from '../parts/times.js'

/** The attempts of a launch that was made more than once, and why each failed. */
export function Attempts({ node: { attempts = [] } }: { node: NodeRecord }) {
  if (attempts.length === 0) return null
  return (
    <ol class="attempts" aria-label="Attempts">
      {attempts.map(({ number, place, started_at, ended_at, failure, ...cost }) => (
        <li key={number} value={number} title={moment(started_at)}>
          <b>{inert(place)}</b>
          {ended_at !== undefined && ` ${span(Date.parse(ended_at) - Date.parse(started_at))}`}
          {failure && (
            <>
              {' '}
              {codeName(failure.code)}: {inert(failure.message)}
            </>
          )}
          {cost.spent !== undefined && <span class="hint"> {costOf(cost)}</span>}
        </li>
      ))}
    </ol>
  )
}
