import type { NodeRecord } from '@launchtail/client'
import { formatDuration, formatPrice } from '@launchtail/client/protocol'
import { oneLine } from './text.js'

/** A launch's attempts, one a line; none for a launch that was made once. */
export function attemptLines({ attempts = [] }: Pick<NodeRecord, 'attempts'>): string[] {
  return attempts.map(({ number, place, started_at, ended_at, failure, ...money }) => {
    const took = ended_at === undefined ? undefined : Date.parse(ended_at) - Date.parse(started_at)
    const time =
      took === undefined ? '' : ` after ${formatDuration(took, { parts: 2, decimals: 0 })}`
    const end = failure
      ? `failed${time}: ${failure.code}: ${oneLine(failure.message)}`
      : 'under way'
    const state = ended_at !== undefined && !failure ? `ended${time}` : end
    return `  attempt ${number} at ${oneLine(place)} ${state}${costOf(money)}`
  })
}

function costOf({
  price_per_hour: price,
  spent,
}: Pick<Attempt, 'price_per_hour' | 'spent'>): string {
  if (spent === undefined) return ''
  const rate = price === undefined ? '' : ` at ${formatPrice(price)} an hour`
  return ` (${formatPrice(spent)}${rate})`
}

type Attempt = NonNullable<NodeRecord['attempts']>[number]
