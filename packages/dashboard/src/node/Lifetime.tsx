import type { NodeRecord } from '@launchtail/client'
import { serverNow } from '../clock.js'
import { moment, span } from '../parts/times.js'

/** When an active node is taken down because of its `max_lifetime`. */
export function Lifetime({ node: { ends_at: endsAt } }: { node: NodeRecord }) {
  if (endsAt === undefined) return null
  const left = Date.parse(endsAt) - serverNow.value
  return (
    <p class="lifetime" title={moment(endsAt)}>
      {left > 0 ? `Taken down in ${span(left)}` : 'Its lifetime is over; it is being taken down'}
    </p>
  )
}
