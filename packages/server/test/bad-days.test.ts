import { afterAll, describe, expect, it } from 'vitest'
import { misfortune, rollOver, spend } from './faults/bad-days.js'
import { FAULTS } from './faults/faults.js'
import type { RedisKind } from './faults/redis.js'
import { endAll } from './support/processes.js'
import { SEED, seededRandom } from './support/seed.js'

// `npm run faults` sets them; the suite runs the short form.
const SECONDS = Number(process.env.LAUNCHTAIL_FAULTS_SECONDS ?? 15)
const EVERY = Number(process.env.LAUNCHTAIL_FAULTS_EVERY ?? 1)
const REPLICAS = Number(process.env.LAUNCHTAIL_FAULTS_REPLICAS ?? 3)
const ROUNDS = Number(process.env.LAUNCHTAIL_FAULTS_ROUNDS ?? 1)
const ONLY = process.env.LAUNCHTAIL_FAULTS_ONLY

const REDIS = process.env.LAUNCHTAIL_FAULTS_REDIS as RedisKind | undefined

const LOAD = {
  replicas: REPLICAS,
  nodes: 8,
  readers: 3,
  rate: 80,
  ...(REDIS && { fleet: { redis: REDIS } }),
}

afterAll(endAll)

describe('servers that share their records, behind a balancer', () => {
  it('lose nothing and tell nothing twice, whatever befalls them', {
    timeout: SECONDS * 2000 + 180_000,
  }, async () => {
    const random = seededRandom('faults')
    const said: string[] = []
    const report = await spend(LOAD, seededRandom('readers'), (day) =>
      misfortune(day, {
        length: SECONDS * 1000,
        every: EVERY * 1000,
        random,
        only: ONLY,
        say(words) {
          said.push(words)
          if (process.env.LAUNCHTAIL_FAULTS_SECONDS) console.log(words)
        },
      }),
    )
    console.log(`seed ${SEED}`, { ...report, violations: report.violations.length })
    expect({ seed: SEED, violations: report.violations, said }).toEqual({
      seed: SEED,
      violations: [],
      said: expect.arrayContaining([]),
    })
    expect(report.entries).toBeGreaterThan(50)
    expect(said.length).toBeGreaterThan(0)
  })

  it('refuse nothing while one after the other is restarted', {
    timeout: ROUNDS * 120_000 + 120_000,
  }, async () => {
    const report = await spend(LOAD, seededRandom('readers'), (day) => rollOver(day, ROUNDS))
    console.log({ ...report, violations: report.violations.length })
    expect([report.violations, report.refused]).toEqual([[], {}])
    expect(report.again).toBeGreaterThan(0)
  })

  it('meet faults that have names', () => {
    expect(Object.keys(FAULTS).length).toBeGreaterThan(10)
  })
})
