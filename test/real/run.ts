/**
 * `npm run test:skypilot`: Launchtail against a real SkyPilot and a real Slurm.
 *
 *   npm run test:skypilot                      the short list, as CI runs it
 *   npm run test:skypilot -- --all             all cases, by the API server and by `sky`
 *   npm run test:skypilot -- --list            their names
 *   npm run test:skypilot -- --only "setup"    those whose names hold it; more than once, those of each
 *   --via api|sky, --skypilot VERSION
 */
import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import { NEWEST } from './lab/versions.js'
import type { Via } from './product.js'
import type { Planned, Times } from './runner.js'
import { runSuite } from './suite.js'

/** The short list is over within a quarter of an hour, also where the machine is slow. */
const SHORT: Times = { begin: 9 * 60_000, each: 5 * 60_000 }

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean' },
    list: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    via: { type: 'string' },
    skypilot: { type: 'string', default: NEWEST },
  },
})
const isShort = !options.all && !options.only && !options.list
const planned = plan()
if (options.list) {
  for (const { one, via } of planned) console.log(`${via}  ${one.name}`)
} else {
  await runSuite({
    version: options.skypilot,
    count: planned.length,
    plan: () => planned,
    managedJobs: planned.some(({ one }) => one.managedJobs),
    times: isShort ? SHORT : undefined,
  })
}

function plan(): Planned[] {
  const { only, via } = options
  return CASES.flatMap((one) => {
    const ways: readonly Via[] = one.only ? [one.only] : ['api', 'sky']
    const chosen = isShort ? (one.short ?? []) : ways
    const named = only?.some((part) => one.name.includes(part)) ?? true
    return chosen
      .filter((way) => named && (via === undefined || via === way))
      .map((way) => ({ one, via: way }))
  })
}
