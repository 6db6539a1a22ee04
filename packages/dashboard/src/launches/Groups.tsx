import type { Stats, StatsKey } from '@launchtail/client'
import { formatPrice, PHASES } from '@launchtail/client/protocol'
import { inert } from '../parts/inert.js'
import { phaseName } from '../parts/phases.js'
import { span } from '../parts/times.js'

/** The phases a launch goes through before it ends. */
const STEPS = PHASES.filter((phase) => phase !== 'active' && phase !== 'failed')

/** The figures of each group, with the median of each phase. */
export function Groups({ groups, by }: { groups: Stats['groups']; by: StatsKey }) {
  return (
    <div class="groups">
      <h2 id="groups">By {by}, with median times</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so a keyboard must reach it */}
      <section class="table" tabIndex={0} aria-labelledby="groups">
        <table>
          <thead>
            <tr>
              <th scope="col">{by}</th>
              <th scope="col">launches</th>
              <th scope="col">succeeded</th>
              <th scope="col">failed</th>
              <th scope="col">until active</th>
              <th scope="col">spent</th>
              {STEPS.map((phase) => (
                <th key={phase} scope="col">
                  {phaseName(phase)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={nameOf(group, by)}>
                <th scope="row">{inert(nameOf(group, by))}</th>
                <td>{group.launches}</td>
                <td>{group.succeeded}</td>
                <td>{group.failed}</td>
                <td>{group.time_to_active ? span(group.time_to_active.p50_ms) : '–'}</td>
                <td>{group.spent === undefined ? '–' : formatPrice(group.spent)}</td>
                {STEPS.map((phase) => {
                  const timing = group.phases.find((one) => one.phase === phase)
                  return <td key={phase}>{timing ? span(timing.p50_ms) : '–'}</td>
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

function nameOf(group: Stats['groups'][number], by: StatsKey): string {
  if (by === 'spot') return group.use_spot ? 'spot' : 'on demand'
  return group[by] ?? 'unknown'
}
