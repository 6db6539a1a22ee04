import { afterAll, expect, it } from 'vitest'
import { spend } from './faults/bad-days.js'
import { coursesOf } from './faults/flatness.js'
import type { Sample } from './faults/samples.js'
import { soak } from './faults/soak.js'
import { endAll } from './support/processes.js'
import { SEED, seededRandom } from './support/seed.js'

const {
  LAUNCHTAIL_FAULTS_SCENE: SCENE,
  LAUNCHTAIL_FAULTS_SECONDS,
  LAUNCHTAIL_FAULTS_EVERY,
} = process.env
const SECONDS = Number(LAUNCHTAIL_FAULTS_SECONDS)
const EVERY = Number(LAUNCHTAIL_FAULTS_EVERY)
const REPLICAS = Number(process.env.LAUNCHTAIL_FAULTS_REPLICAS)
/** Seconds until what a server keeps in memory is full. */
const SETTLED = Math.min(300, SECONDS / 2)

afterAll(endAll)

it.runIf(SCENE === 'soak')(
  'servers that share their records hold no more after half an hour of faults than after five minutes',
  async () => {
    let samples: readonly Sample[] = []
    const load = { replicas: REPLICAS, nodes: 8, readers: 2, rate: 120, isPadded: true }
    const report = await spend(load, seededRandom('readers'), async (day) => {
      samples = await soak(day, {
        length: SECONDS * 1000,
        every: EVERY * 1000,
        random: seededRandom('faults'),
        say: console.log,
      })
    })
    const courses = coursesOf(samples, SETTLED)
    console.log(`seed ${SEED}`, { ...report, violations: report.violations.length })
    console.table(courses)
    expect(report.violations).toEqual([])
    expect(courses.filter(({ isFlat }) => !isFlat)).toEqual([])
  },
  SECONDS * 1500 + 300_000,
)

it('a process that holds more and more is told from one that does not', () => {
  const samples = (grow: number) =>
    Array.from({ length: 60 }, (_, i) => ({
      at: i * 5,
      mebibytes: 120 + (i % 7) * 5 + grow * i,
      descriptors: 30 + (i % 3),
      timers: 20 + Math.floor(grow * i),
    }))
  const flat = (grow: number) => coursesOf(samples(grow), 60).map(({ isFlat }) => isFlat)
  expect(flat(0)).toEqual([true, true, true])
  expect(flat(1)).toEqual([false, true, false])
})
