import type { Stats } from '@launchtail/client'
import { PHASES } from '@launchtail/client/protocol'
import { hrefOf } from '../address.js'
import { inert } from '../parts/inert.js'
import { codeName } from '../parts/node-facts.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'

type PastLaunch = Stats['last'][number]

/** The last launches, one a row: how long each was in each phase. */
export function Timeline({ launches }: { launches: readonly PastLaunch[] }) {
  const longest = Math.max(1, ...launches.map(durationOf))
  return (
    <section class="timeline" aria-labelledby="timeline">
      <h2 id="timeline">Last launches</h2>
      <span class="legend">
        {PHASES.filter((phase) => phase !== 'active' && phase !== 'failed').map((phase) => (
          <span key={phase}>
            <i data-phase={phase} /> {phaseName(phase)}
          </span>
        ))}
      </span>
      <ol>
        {launches.map((launch) => (
          <li key={`${launch.node_id} ${launch.ended_at}`}>
            <a href={hrefOf(['nodes', launch.node_id])} title={titleOf(launch)}>
              {inert(launch.name ?? launch.model ?? launch.node_id)}
            </a>
            <span class="bars" role="img" aria-label={titleOf(launch)}>
              {launch.phases.map(({ phase, duration_ms }, i) => (
                <i
                  key={i}
                  data-phase={phase}
                  title={`${phaseName(phase)}: ${span(duration_ms)}`}
                  style={{ width: `${(100 * duration_ms) / longest}%` }}
                />
              ))}
            </span>
            <span class="outcome" data-outcome={launch.outcome} title={titleOf(launch)}>
              {launch.outcome === 'succeeded' ? span(durationOf(launch)) : outcomeOf(launch)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}

function durationOf({ phases }: PastLaunch): number {
  return phases.reduce((sum, { duration_ms }) => sum + duration_ms, 0)
}

function outcomeOf({ outcome, code }: PastLaunch): string {
  return outcome === 'failed' && code !== undefined && code !== 'unknown' ? codeName(code) : outcome
}

function titleOf(launch: PastLaunch): string {
  const where = [launch.provider, launch.region, launch.gpu].filter(Boolean).join(' ')
  return inert(`${outcomeOf(launch)} after ${span(durationOf(launch))}${where && `; ${where}`}`)
}
