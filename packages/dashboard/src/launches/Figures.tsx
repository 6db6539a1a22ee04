import type { StatsGroup } from '@launchtail/client'
import { counted } from '../parts/counts.js'
import { span } from '../parts/times.js'

/** The figures of all launches together. */
export function Figures({ total }: { total: StatsGroup }) {
  const { launches, succeeded, failed, time_to_active: time } = total
  const rate = Math.round((100 * succeeded) / Math.max(1, succeeded + failed))
  return (
    <dl class="figures">
      <Figure name="launches" value={counted(launches)} />
      <Figure name="succeeded" value={`${rate} %`} />
      {time && (
        <>
          <Figure name="until active (median)" value={span(time.p50_ms)} />
          <Figure name="until active (95th percentile)" value={span(time.p95_ms)} />
        </>
      )}
    </dl>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
