import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Output } from '../../supervised/output.js'
import type { CliPlan, cliFiles } from './files.js'

/** What the steps of a supervisor share. */
export interface Steps {
  readonly folder: string
  readonly files: ReturnType<typeof cliFiles>
  readonly plan: CliPlan
  /** Ends everything that the supervisor has started. */
  readonly endAll: () => Promise<void>
  /** Aborts at SIGTERM. */
  readonly ending: AbortSignal
  readonly output: Output
}

export interface SkyRun {
  words: readonly string[]
  env: Readonly<Record<string, string>>
  /** Reads standard output and standard error to their ends. */
  take: (streams: [Readable, Readable]) => Promise<unknown>
  /** Open files that the program gets as its descriptors from 3 on. */
  descriptors?: readonly number[]
}

/** How long the output may stay open when `sky` has ended: an API server it started holds on to it. */
const DRAIN = 1000

/** Runs `sky` for as long as it takes. */
export function runStep(
  { plan, folder }: Steps,
  { words, env, take, descriptors = [] }: SkyRun,
): Promise<{ code: number | null; fault?: string }> {
  return new Promise((resolve) => {
    const child = spawn(plan.sky, words, {
      cwd: folder,
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    })
    // A pipe that cannot be read any more has ended.
    const reading = take([child.stdout, child.stderr] as [Readable, Readable]).catch(() => {})
    child.once('error', ({ message }) => resolve({ code: null, fault: message }))
    child.once('exit', async (code) => {
      await Promise.race([reading, sleep(DRAIN)])
      resolve({ code })
    })
  })
}
