import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ApiServer, startApiServer } from './api-server.js'
import { ask } from './ask.js'
import { install } from './install.js'
import { type LoginNode, startLoginNode } from './login-node.js'
import { killAll, MARK, processesWith, run, until } from './processes.js'
import { releasePorts } from './reserved-ports.js'
import { type Slurm, startSlurm } from './slurm.js'

/** A real SkyPilot in front of a real Slurm, on this machine alone. */
export interface Lab {
  readonly folder: string
  readonly slurm: Slurm
  readonly login: LoginNode
  readonly api: ApiServer
  /** The environment of somebody who uses the command `sky` here. */
  readonly user: { readonly HOME: string; readonly PATH: string }
  /** Runs `sky` as that somebody. */
  sky(...args: string[]): Promise<string>
  close(): Promise<void>
}

/** The beginning of the names of all clusters that are launched in a lab. */
export const CLUSTER_PREFIX = 'ltlab'
const NAME = 'launchtail-lab-'

export interface LabOptions {
  version: string
  /** True where managed jobs are to be launched. SkyPilot then runs a dozen processes more. */
  managedJobs: boolean
}

/** Installs what is missing, and starts everything. Takes 20 s, and two minutes the first time. */
export async function startLab({ version, managedJobs }: LabOptions): Promise<Lab> {
  await removeStale()
  const installed = await install(version)
  const folder = join(tmpdir(), `${NAME}${process.pid}`)
  mkdirSync(join(folder, 'log'), { recursive: true })
  const PATH = `${join(installed, 'venv/bin')}:${process.env.PATH}`
  const env = { ...process.env, PATH, [MARK]: folder, SLURM_CONF: join(folder, 'slurm.conf') }
  try {
    const slurm = await startSlurm(folder, env)
    const login = await startLoginNode({ folder, installed, env })
    const python = join(installed, 'venv/bin/python')
    const api = await startApiServer({ folder, python, env, login, managedJobs })
    const user = { HOME: userHome(folder, api.endpoint), PATH }
    const sky = (...args: string[]) =>
      run('sky', args, { env: { ...env, ...user }, within: 180_000 })
    const enabled = await ask(api.endpoint, '/check', { clouds: ['slurm'], verbose: false })
    if (!JSON.stringify(enabled).includes('Slurm')) {
      throw new Error(`SkyPilot has no Slurm enabled: ${JSON.stringify(enabled)}`)
    }
    return { folder, slurm, login, api, user, sky, close: () => close(folder, slurm) }
  } catch (error) {
    await close(folder)
    throw error
  }
}

/** Whoever uses `sky` has another home than the API server: they are other users in SkyPilot, too. */
function userHome(folder: string, endpoint: string): string {
  const home = join(folder, 'user-home')
  mkdirSync(join(home, '.sky'), { recursive: true })
  writeFileSync(join(home, '.sky/config.yaml'), `api_server:\n  endpoint: ${endpoint}\n`)
  return home
}

async function close(folder: string, slurm?: Slurm): Promise<void> {
  // Whatever is left of its jobs is killed with the rest.
  if (slurm) await endJobs(slurm).catch(() => {})
  await killAll(() => processesWith([`${MARK}=${folder}`, `${folder}/`]))
  releasePorts()
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  // SkyPilot's runtime on a node. Of a cluster that was not taken down, it stays.
  for (const name of readdirSync('/tmp').filter((name) => name.startsWith(`${CLUSTER_PREFIX}-`))) {
    rmSync(join('/tmp', name), { recursive: true, force: true })
  }
}

async function endJobs({ command }: Slurm): Promise<void> {
  await command('scancel', '-u', 'root')
  await until('Slurm’s jobs to end', async () => (await command('squeue', '-h')) === '')
}

/** Removes what labs left whose owners were killed. Only one lab is up at a time. */
async function removeStale(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(NAME))) {
    const owner = Number(name.slice(NAME.length))
    if (isAlive(owner)) throw new Error(`another lab is up; it belongs to the process ${owner}`)
    await close(join(tmpdir(), name))
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
