import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LaunchRequest } from '@launchtail/client/protocol'
import type { Planned } from '../../../nodes/launches.js'
import { shownTask } from '../../planned-task.js'
import { consideredIn } from '../considered.js'
import { saysNoPorts } from '../opens-ports.js'
import { problemOf } from '../plan-problem.js'
import type { SkyTask } from '../vllm-task.js'
import { asSent } from '../yaml.js'
import { runSky, type Said, type SkyCommandOptions } from './run-sky.js'

export interface SkyPlanOptions {
  request: LaunchRequest
  task: SkyTask
  /** The task without ports, where the launch can do without. */
  portless: SkyTask | undefined
  /** Values that must not reach SkyPilot for a plan. */
  hidden: readonly string[]
}

/** Milliseconds. The command starts Python, and SkyPilot's API server if there is none. */
const TIMEOUT = 120_000

/** Has `sky` say what it would do with a launch. */
export async function planBySky(sky: SkyCommandOptions, options: SkyPlanOptions): Promise<Planned> {
  const { request, portless, hidden } = options
  const task = shownTask(options.task, hidden)
  const { code, text } = await dryRun(sky, task)
  if (code === 0) return { task, places: consideredIn(text), problems: [] }
  if (saysNoPorts(text) && portless) {
    return planBySky(sky, { ...options, task: portless, portless: undefined })
  }
  return { task, places: [], problems: [problemOf(faultIn(text), request)] }
}

async function dryRun(sky: SkyCommandOptions, task: string): Promise<Said> {
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-plan-'))
  try {
    const file = join(folder, 'task.yaml')
    await writeFile(file, asSent(task), { mode: 0o600 })
    const limits = { timeout: TIMEOUT, signal: new AbortController().signal }
    return await runSky(sky, ['launch', '--dryrun', '-y', file], limits)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What `sky` says last, without the name of the exception. */
function faultIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const last = lines.findLast((line) => EXCEPTION.test(line)) ?? lines.at(-1) ?? 'no answer'
  return last.replace(EXCEPTION, '').trim().slice(0, 1000)
}

const EXCEPTION = /^(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception): /
