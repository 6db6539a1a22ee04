import { Cluster, type Redis } from 'ioredis'
import { type Expected, readFacts, risksOf } from './risks.js'

export interface LookForRisksOptions extends Expected {
  redis: Redis
  /** Called once with each sentence, however often Redis is connected to. */
  onRisk: (sentence: string) => void
  onFault: (message: string, error?: unknown) => void
}

/**
 * Looks at each connection, the first one and those that come later: after a failover another Redis answers,
 * which may be set up in another way. Nothing waits for it.
 */
export function lookForRisks({ redis, onRisk, onFault, ...expected }: LookForRisksOptions): void {
  const told = new Set<string>()
  redis.on('ready', () => {
    look().catch((error) => onFault('looking at how Redis is set up', error))
  })

  async function look(): Promise<void> {
    const risks = await Promise.all(
      mastersOf(redis).map(async (one) => risksOf(await readFacts(one), expected)),
    )
    for (const sentence of new Set(risks.flat())) {
      if (told.has(sentence)) continue
      told.add(sentence)
      onRisk(sentence)
    }
  }
}

function mastersOf(redis: Redis): readonly Redis[] {
  const cluster: unknown = redis
  return cluster instanceof Cluster ? cluster.nodes('master') : [redis]
}
