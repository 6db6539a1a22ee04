import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { endLaunch } from '../../src/launch/local/end-launch.js'
import { freePort, isFree, LAST_PORT } from '../../src/launch/local/port.js'
import { databaseUrlFor } from './records.js'

/** A folder that is removed when the test is done. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'launchtail-'))
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Waits until something is so, and says what it was waiting for if it never is. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  within = 15_000,
): Promise<T> {
  const end = performance.now() + within
  for (;;) {
    const value = await probe()
    if (value) return value
    if (performance.now() > end) throw new Error(`waited ${within} ms for: ${what}`)
    await sleep(20)
  }
}

export interface RunningServer {
  readonly url: string
  readonly token: string
  readonly dataDir: string
  readonly child: ChildProcess
  /** All it has said so far, on both outputs. */
  output(): string
  /** A request to it, with the token. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Sends entries or anything else in; the answer's JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  signal(name: NodeJS.Signals): void
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>
}

export interface ServerOptions {
  env?: Record<string, string>
  dataDir?: string
  port?: number
  /** What is put before `node`: strace, say. */
  wrap?: string[]
  /** Flags of `launchtail serve`. */
  flags?: string[]
  /** The command, where it is not the one built here. */
  program?: string
}

/** By a server's data folder, so that one that is started again finds its logs. */
const redisByFolder = new Map<string, Promise<RunningRedis>>()

/**
 * The Redis of a server that is told none, where these tests are run on Redis (vitest.config.ts says
 * which are run on several stores); otherwise nothing.
 */
export async function redisUrlFor(
  folder: string,
  isNeeded = process.env.LAUNCHTAIL_TEST_STORE === 'redis',
): Promise<string | undefined> {
  if (!isNeeded) return undefined
  const running = redisByFolder.get(folder) ?? startRedis(['--appendonly', 'no'])
  redisByFolder.set(folder, running)
  return (await running).url
}

export const TOKEN = 'test-token-0123456789'
/** The built command `launchtail`. */
export const PROGRAM = fileURLToPath(new URL('../../dist/launchtail.js', import.meta.url))

/** Starts the real server, built, as a process of its own on a free port. */
export async function startServer({
  env = {},
  dataDir,
  port = 0,
  wrap = [],
  flags = [],
  program = PROGRAM,
}: ServerOptions = {}): Promise<RunningServer> {
  const folder = dataDir ?? (await temporaryFolder())
  const databaseUrl = await databaseUrlFor(folder)
  // Servers on PostgreSQL need it.
  const redisUrl = await redisUrlFor(folder, databaseUrl !== undefined || undefined)
  const [command = '', ...before] = [...wrap, process.execPath]
  const child = spawn(command, [...before, program, 'serve', ...flags], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      LAUNCHTAIL_DATA_DIR: folder,
      LAUNCHTAIL_DRAIN: '100ms',
      ...(redisUrl && { REDIS_URL: redisUrl }),
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  child.stderr?.on('data', (chunk) => {
    output += chunk
  })
  atEnd(async () => {
    await end(child)
    await endLaunchesIn(folder)
    // A request that failed after its answer was sent fails nowhere else.
    if (output.includes('Promise errored')) throw new Error(`a handler failed late: ${output}`)
  })
  const url = await until(`the server to listen; it said: ${output}`, () => {
    if (child.exitCode !== null) throw new Error(`the server left: ${output}`)
    return /listens on (\S+)/.exec(output)?.[1]
  })
  const token = env.LAUNCHTAIL_ADMIN_TOKEN ?? TOKEN
  const request = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { 'X-Admin-Token': token, ...init.headers } })
  return {
    url,
    token,
    dataDir: folder,
    child,
    output: () => output,
    fetch: request,
    post: (path, body, headers = {}) =>
      request(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers },
      }),
    signal: (name) => void child.kill(name),
    kill: () => end(child),
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

/** What local launches have started outlives the server, and would outlive the test. */
async function endLaunchesIn(folder: string): Promise<void> {
  const launches = join(folder, 'launches')
  const ids = await readdir(launches).catch(() => [])
  await Promise.all(ids.map((id) => endLaunch(join(launches, id), undefined)))
}

export interface RunningRedis {
  readonly port: number
  readonly url: string
  readonly child: ChildProcess
  signal(name: NodeJS.Signals): void
  kill(): Promise<void>
  /** Started again in the same folder and on the same port. */
  restart(): Promise<void>
}

/** Starts a real redis-server that writes every append to its disk. */
export async function startRedis(
  options: string[] = [],
  { cluster = false } = {},
): Promise<RunningRedis> {
  const folder = await temporaryFolder()
  const port = await (cluster ? clusterPort() : freePort())
  let child = run()
  await answers()
  atEnd(() => end(child))
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get child() {
      return child
    },
    signal: (name) => void child.kill(name),
    kill: () => end(child),
    async restart() {
      child = run()
      await answers()
    },
  }

  function run(): ChildProcess {
    const started = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
        .concat(['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''])
        .concat(options),
      { stdio: 'ignore' },
    )
    started.on('error', () => {})
    return started
  }

  async function answers(): Promise<void> {
    await until('redis-server to answer (is it installed? see scripts/test-setup.sh)', () =>
      redisCli(port, ['PING']).then(
        (reply) => reply.trim() === 'PONG',
        () => false,
      ),
    )
  }
}

/** A replica that has all that its master has. */
export async function startReplica(master: RunningRedis): Promise<RunningRedis> {
  const replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)])
  await until('the replica to be linked', async () =>
    (await redisCli(replica.port, ['INFO', 'replication'])).includes('master_link_status:up'),
  )
  return replica
}

/** Starts a Sentinel that by itself decides that a master is gone, after one second. */
export async function startSentinel(master: RunningRedis): Promise<{ url: string }> {
  const folder = await temporaryFolder()
  const port = await freePort()
  const file = join(folder, 'sentinel.conf')
  const settings = [
    `port ${port}`,
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds main 1000',
    'sentinel failover-timeout main 3000',
  ]
  await writeFile(file, settings.join('\n'))
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  atEnd(() => end(child))
  await until('the Sentinel to know the replica', async () =>
    (await redisCli(port, ['SENTINEL', 'REPLICAS', 'main'])).includes('master-link-status'),
  )
  return { url: `redis-sentinel://127.0.0.1:${port}/main` }
}

/** What `redis-cli` prints. */
export async function redisCli(port: number, args: string[], input?: string): Promise<string> {
  const child = spawn('redis-cli', ['-p', String(port), ...args])
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stdin.end(input)
  await once(child, 'close')
  return output
}

/** A Cluster's node listens on the port 10,000 above its own too. */
async function clusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if (port + 10_000 <= LAST_PORT && (await isFree(port + 10_000))) return port
  }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  // One that is stopped takes no other signal but this.
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Runs when the test is done; outside of a test (in a hook), when the file is. */
export function atEnd(act: () => Promise<void>): void {
  try {
    onTestFinished(act)
  } catch {
    afterwards.push(act)
  }
}

const afterwards: (() => Promise<void>)[] = []

/** For `afterAll`, in files that start things in `beforeAll`. */
export async function endAll(): Promise<void> {
  for (const act of afterwards.splice(0).reverse()) await act()
}
