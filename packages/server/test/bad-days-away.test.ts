import { afterAll, expect, it } from 'vitest'
import { spendWithoutPostgres } from './faults/away.js'
import { endAll } from './support/processes.js'

// `npm run faults -- --scene away` sets it; the suite runs the short form.
const SECONDS = Number(process.env.LAUNCHTAIL_FAULTS_SECONDS ?? 4)
const IS_LONG = process.env.LAUNCHTAIL_FAULTS_SECONDS !== undefined

const LOAD = {
  replicas: IS_LONG ? 3 : 2,
  nodes: 20,
  rate: IS_LONG ? 500 : 100,
  length: SECONDS * 1000,
  phaseFor: IS_LONG ? 20_000 : 1000,
}

afterAll(endAll)

it('while PostgreSQL is away logs go on, and afterwards records, archives and webhooks follow, each change once', {
  timeout: SECONDS * 1500 + 240_000,
}, async () => {
  const report = await spendWithoutPostgres(LOAD)
  console.log({ ...report, violations: report.violations.slice(0, 10) })
  expect(report.violations).toEqual([])
  expect(report.entries).toBeGreaterThan((SECONDS * LOAD.rate) / 3)
  expect(report.changes).toBeGreaterThan(LOAD.nodes)
  expect(report.again).toEqual({})
})
