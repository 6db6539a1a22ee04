import type { NodeRecord } from '@launchtail/client/protocol'
import { type Instance, rounded, spentOn, spentOnAll } from './instance.js'

/** A record with what its launch costs, as far as prices are known. */
export function withSpending(
  record: NodeRecord,
  all: readonly Instance[],
  now: number,
): NodeRecord {
  const began = Date.parse(record.phases[0]?.started_at ?? '')
  // What was over before is that of a launch of ours, which another program's has followed.
  const instances = all.filter(({ down }) => down === undefined || !(down < began))
  const spent = spentOnAll(instances, now)
  const price = priceNow(record, instances)
  return {
    ...record,
    ...(price !== undefined && { price_per_hour: price }),
    ...(spent !== undefined && { spent: rounded(spent) }),
    ...(record.attempts && { attempts: attemptsWith(record.attempts, instances, now) }),
  }
}

/** The price of the attempt that is under way, or of the last one of a launch that is over. */
function priceNow({ status }: NodeRecord, instances: readonly Instance[]): number | undefined {
  const last = instances.at(-1)
  const isOver = status === 'failed' || status === 'terminated'
  return last?.down === undefined || isOver ? last?.price : undefined
}

function attemptsWith(
  attempts: NonNullable<NodeRecord['attempts']>,
  instances: readonly Instance[],
  now: number,
): NodeRecord['attempts'] {
  return attempts.map((attempt) => {
    const instance = instances.find(({ number }) => number === attempt.number)
    const spent = instance && spentOn(instance, now)
    return {
      ...attempt,
      ...(instance?.price !== undefined && { price_per_hour: instance.price }),
      ...(spent !== undefined && { spent: rounded(spent) }),
    }
  })
}
