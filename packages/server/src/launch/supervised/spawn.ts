import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { claimJson, type Files, filesOf, type Supervisor, supervisorFile } from './files.js'
import { markOf } from './mark.js'
import { commandOf } from './process-table.js'
import { type Identity, isAlive } from './processes.js'
import { readJson } from './read-json.js'
import { SpoiltFile } from './spoilt-file.js'

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
  const { supervisor } = prepared(options.folder)
  if (!existsSync(supervisor)) await startSupervisor(options)
  const { pid, started } = readJson(supervisor, supervisorFile) as Supervisor
  if (pid === NOBODY.pid) throw new Error('it was cancelled before it began')
  return { pid, started }
}

/** The supervisor of a launch, if it has one. If it has none, none can be started from then on. */
export function findSupervisor(folder: string): Identity | undefined {
  if (!existsSync(folder)) return undefined
  try {
    if (claimJson(prepared(folder).supervisor, NOBODY)) return undefined
  } catch (error) {
    // Where the file cannot be written, none can be started either.
    if (!(SpoiltFile.from(folder, error) instanceof SpoiltFile)) throw error
  }
  return readSupervisor(folder)
}

/**
 * The supervisor that is named in its file. Undefined, too, where the file is spoilt or names a process
 * that is none of ours: the mark finds the real one then.
 */
export function readSupervisor(folder: string): Identity | undefined {
  try {
    const found = readJson(filesOf(folder).supervisor, supervisorFile)
    return found && canBe(found, folder) ? found : undefined
  } catch (error) {
    if (error instanceof SpoiltFile) return undefined
    throw error
  }
}

/** False where the process cannot be the launch's supervisor, which was started with the folder's name. */
function canBe(found: Identity, folder: string): boolean {
  if (found.pid <= 1) return false
  const words = isAlive(found) ? commandOf(found.pid) : undefined
  return words === undefined || words.some((word) => basename(word) === basename(folder))
}

/** The launch's files, and the folder for those of the supervisor. */
function prepared(folder: string): Files {
  const files = filesOf(folder)
  mkdirSync(files.own, { recursive: true, mode: 0o700 })
  return files
}

/** Written in the supervisor's place where a launch was cancelled before it had one. */
const NOBODY: Supervisor = { pid: 0, started: '', at: 0 }

async function startSupervisor({ module, folder, plan, env }: SupervisorOptions): Promise<void> {
  const files = filesOf(folder)
  const faults = openSync(files.faults, 'a', 0o600)
  const child = spawn(process.execPath, [...program(module), folder], {
    cwd: folder,
    env: { ...env, ...markOf(folder) },
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
