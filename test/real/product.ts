import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@launchtail/client'
import { freePort } from '../../packages/server/src/launch/local/port.js'
import { CLUSTER_PREFIX, type Lab } from './lab/lab.js'
import { end, MARK, until } from './lab/processes.js'

/** How Launchtail reaches SkyPilot: its API server, or the command `sky`. */
export type Via = 'api' | 'sky'

/** Launchtail's server as a user would run it, on a port and a data folder of its own. */
export interface Product {
  readonly client: Client
  /** Ends it as a crash would. */
  kill(): Promise<void>
  /** Ends it in order. */
  stop(): Promise<void>
  /** Starts it again on the same port and folder. */
  start(): Promise<void>
  /** Runs the command `launchtail` against it, as somebody who can use `sky`. */
  command(...args: string[]): Promise<Ran>
  /** The last lines of its own log. */
  log(): string
  close(): Promise<void>
}

export interface Ran {
  readonly code: number | null
  readonly output: string
}

const PROGRAM = fileURLToPath(new URL('../../packages/server/dist/launchtail.js', import.meta.url))
const LOG_LINES = 15
const TOKEN = 'lab-token-0123456789'

export async function startProduct(lab: Lab, via: Via): Promise<Product> {
  const folder = await mkdtemp(join(lab.folder, 'product-'))
  const port = await freePort()
  const baseUrl = `http://127.0.0.1:${port}`
  const env = {
    ...process.env,
    ...lab.user,
    [MARK]: lab.folder,
    SKYPILOT_API_SERVER_ENDPOINT: via === 'api' ? lab.api.endpoint : undefined,
    SKYPILOT_DISABLE_USAGE_COLLECTION: '1',
    PORT: String(port),
    LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
    LAUNCHTAIL_DATA_DIR: join(folder, 'data'),
    LAUNCHTAIL_CLUSTER_PREFIX: CLUSTER_PREFIX,
    LAUNCHTAIL_LOG_LEVEL: 'info',
  }
  const log = join(lab.folder, 'log', `launchtail-${port}.out`)
  let server: ChildProcess
  await start()
  return {
    client: createClient({ baseUrl, token: TOKEN }),
    kill: () => end(server, { signal: 'SIGKILL' }),
    stop: () => end(server),
    start,
    command,
    log: () => readFileSync(log, 'utf8').trim().split('\n').slice(-LOG_LINES).join('\n'),
    async close() {
      await end(server)
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }

  async function start(): Promise<void> {
    server = spawn(process.execPath, [PROGRAM, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = createWriteStream(log, { flags: 'a' })
    server.stdout?.pipe(output, { end: false })
    server.stderr?.pipe(output, { end: false })
    const ended = once(server, 'exit').then(() => true)
    await until('Launchtail to answer', async () => {
      if (server.exitCode !== null) throw new Error('Launchtail ended when it was started')
      return fetch(`${baseUrl}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      )
    })
    ended.catch(() => {})
  }
  async function command(...args: string[]): Promise<Ran> {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...env, LAUNCHTAIL_URL: baseUrl, LAUNCHTAIL_ADMIN_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    const [code] = await once(child, 'close')
    return { code, output }
  }
}
