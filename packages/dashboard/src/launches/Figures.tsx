import type { Stats } from '@launchtail/client'
import { formatPrice } from '@launchtail/client/protocol'
import { counted } from '../parts/counts.js'
import { span } from '../parts/times.js'

/** The figures of all launches together. */
export function Figures({ total, today }: Pick<Stats, 'total' | 'today'>) {
  const { launches, success_rate: rate, time_to_active: time, spot, spent, unpriced } = total
  return (
    <dl class="figures">
      <Figure name="launches" value={counted(launches)} />
      {rate !== undefined && <Figure name="succeeded" value={`${Math.round(100 * rate)} %`} />}
      {time && (
        <>
          <Figure name="until active (median)" value={span(time.p50_ms)} />
          <Figure name="until active (95th percentile)" value={span(time.p95_ms)} />
        </>
      )}
      <Figure
        name={
          spent === undefined || unpriced === 0
            ? 'spent'
            : `spent, ${counted(unpriced)} without a price`
        }
        value={spent === undefined ? 'no price known' : formatPrice(spent)}
      />
      {(today.by_midnight > 0 || today.budget !== undefined) && (
        <Figure
          name={today.budget === undefined ? 'today' : `today of ${formatPrice(today.budget)}`}
          value={formatPrice(today.spent)}
        />
      )}
      {spot && spot.lost > 0 && (
        <Figure name="spot instances lost" value={`${spot.lost} of ${counted(spot.launches)}`} />
      )}
      {spot?.median_life_ms !== undefined && (
        <Figure name="active before the loss (median)" value={span(spot.median_life_ms)} />
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
