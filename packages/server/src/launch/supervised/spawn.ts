import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { claimJson, filesOf, readJson, type Supervisor } from './files.js'
import type { Identity } from './processes.js'

export interface SupervisorOptions {
  /** The program's module, without its extension. */
  module: URL
  /** The launch's folder. */
  folder: string
  /** Its orders, which it gets through its standard input and nowhere else. */
  plan: object
  /** Its own environment, which other processes of this account can read. */
  env: Readonly<Record<string, string>>
}

/** How long a supervisor may take to start, in milliseconds. */
const START_TIMEOUT = 30_000

/** Starts the supervisor of a launch, unless that was done. It outlives this process. */
export async function ensureSupervisor(options: SupervisorOptions): Promise<Identity> {
  const { supervisor } = filesOf(options.folder)
  if (!existsSync(supervisor)) await startSupervisor(options)
  const { pid, started } = readJson<Supervisor>(supervisor) as Supervisor
  if (pid === NOBODY.pid) throw new Error('it was cancelled before it began')
  return { pid, started }
}

/** The supervisor of a launch, if it has one. If it has none, none can be started from then on. */
export function findSupervisor(folder: string): Identity | undefined {
  if (!existsSync(folder)) return undefined
  const { supervisor } = filesOf(folder)
  if (claimJson(supervisor, NOBODY)) return undefined
  const found = readJson<Supervisor>(supervisor)
  return found?.pid === NOBODY.pid ? undefined : found
}

/** Written in the supervisor's place where a launch was cancelled before it had one. */
const NOBODY: Supervisor = { pid: 0, started: '', at: 0 }

async function startSupervisor({ module, folder, plan, env }: SupervisorOptions): Promise<void> {
  const files = filesOf(folder)
  const faults = openSync(files.faults, 'a', 0o600)
  const child = spawn(process.execPath, [...program(module), folder], {
    cwd: folder,
    env: { ...env },
    detached: true,
    stdio: ['pipe', 'ignore', faults],
  })
  closeSync(faults)
  let over = false
  let fault: Error | undefined
  child.once('exit', () => {
    over = true
  })
  child.once('error', (error) => {
    over = true
    fault = error
  })
  // It ended early, which its exit shows.
  child.stdin?.on('error', () => {})
  child.stdin?.end(JSON.stringify(plan))
  child.unref()
  const since = performance.now()
  while (!existsSync(files.supervisor)) {
    if (over && !existsSync(files.supervisor)) {
      const said = readFileSync(files.faults, 'utf8').trim().slice(-2000)
      throw new Error('its supervisor did not start', { cause: fault ?? said })
    }
    if (performance.now() - since > START_TIMEOUT) {
      child.kill('SIGKILL')
      throw new Error('its supervisor did not start in time')
    }
    await sleep(10)
  }
}

/** The arguments Node runs one of our programs with: the built file, or in development its source. */
export function program(module: URL): string[] {
  const source = import.meta.url.endsWith('.ts')
  const file = `${fileURLToPath(module)}.${source ? 'ts' : 'js'}`
  if (!source) return [file]
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return ['--conditions=launchtail-source', '--import', tsx, file]
}
