import { afterAll, expect, it } from 'vitest'
import { buildOf } from './faults/build-of.js'
import { spendUpgrading } from './faults/upgrade.js'
import { endAll } from './support/processes.js'
import { seededRandom } from './support/seed.js'

// `npm run faults -- --scene upgrade --from REF` sets them. The suite does not build another version.
const FROM = process.env.LAUNCHTAIL_FAULTS_FROM
const SECONDS = Number(process.env.LAUNCHTAIL_FAULTS_SECONDS ?? 60)

afterAll(endAll)

it.runIf(FROM)(
  'a fleet is upgraded and taken back: nothing is lost, told twice or refused',
  { timeout: SECONDS * 3000 + 900_000 },
  async () => {
    const options = { old: buildOf(FROM as string), length: SECONDS * 1000, say: console.log }
    const report = await spendUpgrading(options, seededRandom('readers'))
    console.log({ ...report, violations: report.violations.slice(0, 20) })
    expect([report.violations, report.refused]).toEqual([[], {}])
    expect(report.again).toBeGreaterThan(0)
  },
)
