/**
 * `npm run test:skypilot`: Launchtail against a real SkyPilot and a real Slurm.
 *
 *   npm run test:skypilot                      the short list, as CI runs it
 *   npm run test:skypilot -- --all             all cases, by the API server and by `sky`
 *   npm run test:skypilot -- --list            their names
 *   npm run test:skypilot -- --only "setup"    those whose names hold it; more than once, those of each
 *   --via api|sky, --skypilot VERSION
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CASES } from './cases.js'
import { startLab } from './lab/lab.js'
import { NEWEST } from './lab/versions.js'
import { whyNot } from './lab/why-not.js'
import type { Via } from './product.js'
import { type Counts, type Planned, runAll } from './runner.js'

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 }
/** No case of the short list is begun later than this. The last ones may take three minutes more. */
const SHORT = 10 * 60_000

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
  conclude(await test())
}

async function test(): Promise<Counts> {
  const why = whyNot()
  if (why) return skipped(why)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  }
  build()
  const lab = await startLab({
    version: options.skypilot,
    managedJobs: planned.some(({ one }) => one.managedJobs),
  }).catch(noLab)
  if ('why' in lab) return skipped(lab.why)
  try {
    console.log(`SkyPilot ${options.skypilot}, ${planned.length} cases`)
    const { signal } = stopping
    return await runAll(lab, planned, { signal, ...(isShort && { within: SHORT }) })
  } finally {
    await lab.close()
  }
}

/** Launchtail has no part in a lab that does not start. */
function noLab(error: unknown): { why: string } {
  return { why: `the lab could not be started (${error instanceof Error ? error.message : error})` }
}

function skipped(why: string): Counts {
  console.log(`The cases for SkyPilot are skipped: ${why}.`)
  return { ...NONE, skipped: planned.length }
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

/** The server that is tested is the one built from these sources. */
function build(): void {
  const cwd = fileURLToPath(new URL('../..', import.meta.url))
  for (const step of [['node_modules/typescript/bin/tsc', '-b', 'packages/client']]) {
    execFileSync(process.execPath, step, { cwd, stdio: 'inherit' })
  }
  for (const step of ['scripts/build-server.mjs', 'scripts/build-page.mjs']) {
    execFileSync(process.execPath, [step], { cwd, stdio: 'inherit' })
  }
}

function conclude({ passed, failed, skipped }: Counts): void {
  const more = skipped > 0 ? `, ${skipped} skipped` : ''
  console.log(`${passed} passed, ${failed} failed${more}`)
  process.exitCode = failed > 0 ? 1 : 0
}
