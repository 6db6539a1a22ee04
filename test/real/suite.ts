import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Lab, startLab } from './lab/lab.js'
import { whyNot } from './lab/why-not.js'
import { type Counts, type Planned, runAll, type Times } from './runner.js'

export interface SuiteOptions {
  /** SkyPilot's version. */
  version: string
  /** How many cases there are: all of them are counted as skipped where there is no lab. */
  count: number
  /** Called when the lab is up. */
  plan: (lab: Lab) => Promise<readonly Planned[]> | readonly Planned[]
  managedJobs?: boolean
  times?: Times | undefined
}

const LONG: Times = { each: 12 * 60_000 }

/** Runs cases in a lab, and prints how many passed. Without a lab they are skipped, with the reason. */
export async function runSuite(options: SuiteOptions): Promise<void> {
  const { passed, failed, skipped } = await countsOf(options)
  const more = skipped > 0 ? `, ${skipped} skipped` : ''
  console.log(`${passed} passed, ${failed} failed${more}`)
  process.exitCode = failed > 0 ? 1 : 0
}

async function countsOf({
  version,
  count,
  plan,
  managedJobs = false,
  times = LONG,
}: SuiteOptions): Promise<Counts> {
  const why = whyNot()
  if (why) return allSkipped(count, why)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))
  }
  build()
  const lab = await startLab({ version, managedJobs }).catch(noLab)
  if ('why' in lab) return allSkipped(count, lab.why)
  try {
    console.log(`SkyPilot ${version}, ${count} cases`)
    const planned = await plan(lab)
    return await runAll(lab, planned, { signal: stopping.signal, times })
  } finally {
    // What the cases have shown counts all the same.
    await lab.close().catch((error) => console.error('The lab could not be ended:', error))
  }
}

/** Launchtail has no part in a lab that does not start. */
function noLab(error: unknown): { why: string } {
  return { why: `the lab could not be started (${error instanceof Error ? error.message : error})` }
}

function allSkipped(count: number, why: string): Counts {
  console.log(`The cases for SkyPilot are skipped: ${why}.`)
  return { passed: 0, failed: 0, skipped: count }
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
