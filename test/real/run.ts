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
import { NoLab } from './lab/install.js'
import { type Lab, startLab } from './lab/lab.js'
import { NEWEST } from './lab/versions.js'
import { whyNot } from './lab/why-not.js'
import type { Via } from './product.js'
import { type Planned, runAll } from './runner.js'

/** How long the short list may take. */
const SHORT = 15 * 60_000

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean' },
    list: { type: 'boolean' },
    only: { type: 'string', multiple: true },
    via: { type: 'string' },
    skypilot: { type: 'string', default: NEWEST },
  },
})
const planned = plan()
if (options.list) {
  for (const { one, via } of planned) console.log(`${via}  ${one.name}`)
} else {
  conclude(await test())
}

async function test(): Promise<{ passed: number; failed: number }> {
  const why = whyNot()
  if (why) return skipped(why)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  }
  build()
  let lab: Lab | undefined
  try {
    lab = await startLab({ version: options.skypilot })
    console.log(`SkyPilot ${options.skypilot}, ${planned.length} cases`)
    if (!options.all && !options.only) {
      setTimeout(() => stopping.abort(new Error('no time is left')), SHORT).unref()
    }
    return await runAll(lab, planned, stopping.signal)
  } catch (error) {
    if (error instanceof NoLab) return skipped(error.message)
    console.log(error)
    return { passed: 0, failed: planned.length }
  } finally {
    await lab?.close()
  }
}

function skipped(why: string) {
  console.log(`The tests against SkyPilot are skipped: ${why}.`)
  return { passed: 0, failed: 0 }
}

function plan(): Planned[] {
  const { all, only, via } = options
  return CASES.flatMap((one) => {
    const ways: readonly Via[] = one.only ? [one.only] : ['api', 'sky']
    const chosen = all || options.list || only !== undefined ? ways : (one.short ?? [])
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

function conclude({ passed, failed }: { passed: number; failed: number }): void {
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 ? 1 : 0
}
