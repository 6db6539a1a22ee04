import { formatDuration, formatPrice } from '@launchtail/client/protocol'
import type { Limits } from '../limits/limits.js'
import { type Day, midnightAfter } from './day.js'

export interface Asked {
  /** US dollars a day for all launches. */
  readonly budget: number
  readonly day: Day
  /** What an hour of the launch costs; undefined where no price is known. */
  readonly price: number | undefined
  /** How long its node may be active, in milliseconds. */
  readonly maxLifetime?: number | undefined
  /** How many launches of this kind are asked for at once. Default: one. */
  readonly count?: number
  readonly now: number
}

const HOUR = 3_600_000

/** Says why the budget does not allow a launch; undefined if it does, or if nobody knows its price. */
export function refusedBy({
  budget,
  day,
  price,
  maxLifetime,
  count = 1,
  now,
}: Asked): string | undefined {
  if (price === undefined || price <= 0) return undefined
  const left = midnightAfter(now) - now
  const time = Math.min(left, maxLifetime ?? left)
  const cost = (count * price * time) / HOUR
  const { spent, committed } = day
  if (spent + committed + cost <= budget) return undefined
  const until =
    time < left ? `its max_lifetime of ${spanOf(time)}` : `the ${spanOf(time)} until then`
  const parts = [
    `${formatPrice(spent)} was spent since 00:00 UTC`,
    ...(committed > 0 ? [`what runs will cost ${formatPrice(committed)} more until midnight`] : []),
    `${count === 1 ? 'this launch' : `these ${count} launches`} would cost ${formatPrice(cost)} (${formatPrice(count * price)} an hour for ${until})`,
  ]
  return `the budget of ${formatPrice(budget)} a day does not allow it: ${parts.join(', ')}`
}

/** Says why a launch's own budget does not allow it; undefined if it does, or if its cost is not known before. */
export function refusedByOwn(
  { budget, maxLifetime }: Pick<Limits, 'budget' | 'maxLifetime'>,
  price: number | undefined,
): string | undefined {
  if (budget === undefined || maxLifetime === undefined || price === undefined) return undefined
  const cost = (price * maxLifetime) / HOUR
  if (cost <= budget) return undefined
  return `its "budget" of ${formatPrice(budget)} does not allow it: it would cost ${formatPrice(cost)} (${formatPrice(price)} an hour for its max_lifetime of ${spanOf(maxLifetime)})`
}

function spanOf(ms: number): string {
  return formatDuration(ms, { parts: 2, decimals: 0 })
}
