import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, isFree } from '../../../packages/server/src/launch/local/port.js'
import { end, killAll, processesWith, start, until } from './processes.js'
import { reservePort } from './reserved-ports.js'

/** In the environment of the API server's own processes. Its value is the lab's folder. */
const MARK_OF_API = 'REAL_LAB_API'

const CONFIG = 'jobs:\n  controller:\n    consolidation_mode: true\n'
/** How often it is started until it stays. */
const TRIES = 10

export interface ApiServer {
  readonly endpoint: string
  readonly home: string
  /**
   * Ends it, and then with SIGKILL what it leaves running: executors of a server that was killed take
   * the requests of the next one.
   */
  stop(signal: NodeJS.Signals): Promise<void>
  start(): Promise<void>
}

export interface ApiServerOptions {
  folder: string
  python: string
  env: NodeJS.ProcessEnv
  login: { port: number; key: string }
  /** There is no machine for their controller: the API server runs them itself. */
  managedJobs: boolean
}

/** Starts SkyPilot's API server on a free port, with a home of its own. It knows one Slurm, `lab`. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { folder, python, login, managedJobs } = options
  const port = await freeApiPort()
  const home = join(folder, 'api-home')
  const endpoint = `http://127.0.0.1:${port}`
  mkdirSync(join(home, '.slurm'), { recursive: true })
  mkdirSync(join(home, '.sky'))
  if (managedJobs) writeFileSync(join(home, '.sky/config.yaml'), CONFIG)
  writeFileSync(join(home, '.sky/network'), `${endpoint}/api/health`)
  writeFileSync(
    join(home, '.slurm/config'),
    `
Host lab
  HostName 127.0.0.1
  Port ${login.port}
  User root
  IdentityFile ${login.key}
  StrictHostKeyChecking no
`,
  )
  const env = {
    ...options.env,
    HOME: home,
    IS_SKYPILOT_SERVER: 'true',
    SKYPILOT_DISABLE_USAGE_COLLECTION: '1',
    SKYPILOT_API_SERVER_LOCAL_PORT: String(port),
    [MARK_OF_API]: folder,
  }
  const log = join(folder, 'log', 'api-server.out')
  let server: ChildProcess
  await startServer()
  return { endpoint, home, stop, start: startServer }

  async function startServer(): Promise<void> {
    const args = ['-m', 'sky.server.server', '--host=127.0.0.1', `--port=${port}`]
    for (let tries = 1; ; tries += 1) {
      server = start(python, args, { env, log })
      if (await answers()) return
      if (tries === TRIES) throw new Error(`SkyPilot’s API server ends; its log:\n${lastLog()}`)
      // Somebody's connection has the port of its queue.
      await sleep(5000)
    }
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    await end(server, { signal, within: 120_000 })
    await killAll(() => processesWith([`${MARK_OF_API}=${folder}`, log, `${home}/`]))
  }

  /** False where it has ended instead. */
  async function answers(): Promise<boolean> {
    const hasEnded = () => server.exitCode !== null || server.signalCode !== null
    try {
      const probe = async () => hasEnded() || (await isHealthy(endpoint))
      await until('SkyPilot’s API server to answer', probe, { within: 180_000 })
      return !hasEnded()
    } catch (error) {
      throw new Error(`${(error as Error).message}; its log ends:\n${lastLog()}`)
    }
  }

  function lastLog(): string {
    return readFileSync(log, 'utf8').slice(-3000)
  }
}

/**
 * SkyPilot derives the port of its queue from the server's, among those that the kernel gives to
 * connections: while the server is away, somebody's connection could have it.
 */
async function freeApiPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    const queue = 50_000 + ((port - 46_580 + 11 + 50_000) % 10_000)
    reservePort(queue)
    if (await isFree(queue)) return port
  }
}

async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(5000)
    return (await fetch(`${endpoint}/api/health`, { signal })).ok
  } catch {
    // It does not listen yet.
    return false
  }
}
