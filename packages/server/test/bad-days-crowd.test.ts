import { afterAll, describe, expect, it } from 'vitest'
import { cutCrowd, rollUnderCrowd } from './faults/crowd-scenes.js'
import { hasCompiler } from './faults/load-program.js'
import { endAll } from './support/processes.js'

// `npm run faults -- --scene rolling` and `--scene crowd` set it; the suite runs the short form.
const SCENE = process.env.LAUNCHTAIL_FAULTS_SCENE
const REPLICAS = Number(process.env.LAUNCHTAIL_FAULTS_REPLICAS ?? 2)
const ROUNDS = Number(process.env.LAUNCHTAIL_FAULTS_ROUNDS ?? 3)

const NOTHING_WRONG = { lost: 0, duplicated: 0, skipped: 0, told: 0, wrongLogs: [] }

afterAll(endAll)

describe.runIf(hasCompiler)('a crowd of readers', () => {
  it.runIf(SCENE === 'rolling')(
    'notices nothing of rolling restarts',
    async () => {
      const load = {
        servers: REPLICAS,
        balancers: 2,
        nodes: 100,
        readers: 50,
        rate: 500,
        again: 500,
      }
      const report = await rollUnderCrowd(load, ROUNDS)
      console.log(report)
      expect(report).toMatchObject({ ...NOTHING_WRONG, refused: 0, broken: 0, unanswered: 0 })
      expect(report.not_streams).toBe(0)
      expect(report.again).toBeGreaterThan(5000)
      expect(report.rush).toBeLessThanOrEqual(0.2)
    },
    ROUNDS * 180_000 + 180_000,
  )

  it.runIf(SCENE === undefined || SCENE === 'crowd')(
    'is back soon after it was cut, and has missed nothing',
    async () => {
      const isLarge = SCENE === 'crowd'
      const report = await cutCrowd({
        servers: REPLICAS,
        ...{ balancers: 2, nodes: 10, rate: 20, again: 0 },
        readers: isLarge ? 1000 : 50,
      })
      console.log(report)
      expect(report).toMatchObject(NOTHING_WRONG)
      expect(report.again).toBeGreaterThanOrEqual(isLarge ? 10_000 : 500)
      // What follows holds on a machine that does nothing else.
      if (!isLarge) return
      expect(report.reads).toBeLessThanOrEqual(2)
      expect(report.back).toBeLessThanOrEqual(4000)
      expect(report.append_p99).toBeLessThanOrEqual(250)
    },
    180_000,
  )
})
