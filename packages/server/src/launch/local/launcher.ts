import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Launch, Launcher } from '../launcher.js'
import { attach } from './attach.js'
import { claimJson, filesOf, readJson, type Supervisor } from './files.js'
import { baseEnvironment, type PlanOptions, planOf } from './plan.js'
import { endSession, type Identity } from './processes.js'

export interface LocalLauncherOptions extends PlanOptions {
  /** Milliseconds a launch has to become ready. */
  launchTimeout: number
  /** Milliseconds between two questions whether it is. */
  probeInterval?: number
  /** Whether it takes new launches. Those that are running it looks after in any case. */
  enabled?: boolean
}

/** How long a supervisor has to begin. */
const START_TIMEOUT = 30_000

/**
 * Launches nodes as processes of this machine. Each launch has a supervisor, a process of its own
 * that writes all there is to know into the launch's folder, so it survives the server.
 */
export function localLauncher({
  env,
  passEnv,
  launchTimeout,
  probeInterval = 250,
  enabled = true,
}: LocalLauncherOptions): Launcher {
  return {
    name: 'local',
    serves: (provider) => enabled && provider === 'local',
    check: async (request) => void planOf(request, { env, passEnv }),
    start,
    attach: async function* (launch, handle, { state, signal }) {
      const leader = identityOf(handle)
      if (!leader) return { message: 'it is not known which process the launch was' }
      const { folder } = launch
      return yield* attach({ folder, leader, state, signal, launchTimeout, probeInterval })
    },
    cancel,
  }

  async function start(launch: Launch): Promise<Identity> {
    const { supervisor } = filesOf(launch.folder)
    if (!existsSync(supervisor)) await startSupervisor(launch)
    const { pid, started } = readJson<Supervisor>(supervisor) as Supervisor
    if (pid === NOBODY.pid) throw new Error('it was cancelled before it began')
    return { pid, started }
  }

  async function startSupervisor(launch: Launch): Promise<void> {
    const files = filesOf(launch.folder)
    const plan = planOf(launch.request, { env, passEnv })
    const faults = openSync(files.faults, 'a', 0o600)
    const child = spawn(process.execPath, [...PROGRAM, launch.folder], {
      cwd: launch.folder,
      // What it is started by could read its environment.
      env: baseEnvironment({ env, passEnv: [] }),
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
    // It left early; its exit tells.
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

  async function cancel(launch: Launch, handle: unknown): Promise<void> {
    const leader = identityOf(handle) ?? found(launch)
    if (leader) await endSession(leader)
  }
}

/** Stands in the supervisor's place where a launch was cancelled before it had one. */
const NOBODY: Supervisor = { pid: 0, started: '', at: 0 }

/** The supervisor of a launch that was perhaps started. If it was not, it never will be. */
function found({ folder }: Launch): Identity | undefined {
  if (!existsSync(folder)) return undefined
  const { supervisor } = filesOf(folder)
  return claimJson(supervisor, NOBODY) ? undefined : readJson<Supervisor>(supervisor)
}

function identityOf(handle: unknown): Identity | undefined {
  const { pid, started } = (handle ?? {}) as Partial<Identity>
  return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined
}

/** How the supervisor is run: as it is built, or in development from its source. */
const PROGRAM = program()

function program(): string[] {
  const source = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(new URL(`./supervisor.${source ? 'ts' : 'js'}`, import.meta.url))
  if (!source) return [file]
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  return ['--conditions=source', '--import', tsx, file]
}
