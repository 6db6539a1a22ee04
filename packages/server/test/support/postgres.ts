import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from '../../src/launch/local/port.js'
import { atEnd, temporaryFolder, until } from './processes.js'

export interface RunningPostgres {
  readonly port: number
  /** The address of a database. */
  url(database: string): string
  /** Creates an empty database, and returns its address. */
  create(): Promise<string>
  /** Signals the server and every process that it has for a connection. */
  signal(name: NodeJS.Signals): void
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** Started again in the same folder and on the same port. */
  restart(): Promise<void>
  /** A standby becomes a primary. */
  promote(): Promise<void>
}

export interface PostgresOptions {
  /** What is done first, with the user that it runs as where that is another one. */
  before?: (owner: Owner) => void
  /** Follows this one, instead of being empty. */
  primary?: RunningPostgres
}

const USER = 'launchtail'

/** Empty for the user that the tests run as. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

let created = 0

/** Starts a real PostgreSQL on a free port, with its files in a folder of /tmp. */
export async function startPostgres(
  options: readonly string[] = [],
  { before = () => {}, primary }: PostgresOptions = {},
): Promise<RunningPostgres> {
  const folder = await temporaryFolder()
  const owner = ownerOf(folder)
  before(owner)
  const data = join(folder, 'data')
  const make = primary ? copyOf(primary, data) : emptyIn(data)
  execFileSync(program(make.program), make.args, { ...owner, cwd: folder, stdio: 'ignore' })
  const port = await freePort()
  const url = (database: string) => `postgres://${USER}@127.0.0.1:${port}/${database}`
  let child = run()
  await answers()
  atEnd(kill)
  return {
    port,
    url,
    async create() {
      created += 1
      return createdAt(url('postgres'), `t_${process.pid}_${created}`)
    },
    signal(name) {
      for (const pid of [...backendsOf(child), child.pid as number]) signalled(pid, name)
    },
    kill,
    async restart() {
      child = run()
      await answers()
    },
    promote: async () => void (await ask(url('postgres'), 'select pg_promote()')),
  }

  function run(): ChildProcess {
    const settings = {
      listen_addresses: '127.0.0.1',
      fsync: 'off',
      unix_socket_directories: folder,
    }
    const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const args = ['-D', data, '-p', String(port), ...given, ...options]
    const started = spawn(program('postgres'), args, { ...owner, cwd: folder, stdio: 'ignore' })
    started.on('error', () => {})
    return started
  }

  async function answers(): Promise<void> {
    await until('PostgreSQL to answer', () =>
      ask(url('postgres'), 'select 1').then(
        () => true,
        () => false,
      ),
    )
  }

  async function kill(): Promise<void> {
    const { pid } = child
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const backends = backendsOf(child)
    const left = new Promise((resolve) => child.once('exit', resolve))
    for (const one of [pid, ...backends]) signalled(one, 'SIGKILL')
    await left
    // It does not start again while one of them is there.
    await until('the processes of PostgreSQL to end', () =>
      backends.every((one) => !existsSync(`/proc/${one}`)),
    )
  }
}

interface Making {
  program: 'initdb' | 'pg_basebackup'
  args: string[]
}

function emptyIn(data: string): Making {
  const encoding = ['-E', 'UTF8', '--locale=C.UTF-8']
  return {
    program: 'initdb',
    args: ['-D', data, '-U', USER, '-A', 'trust', ...encoding, '--no-sync'],
  }
}

/** Streams from it from then on. */
function copyOf(primary: RunningPostgres, data: string): Making {
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', USER]
  return {
    program: 'pg_basebackup',
    args: ['-D', data, ...from, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
  }
}

/**
 * A standby that has each commit before it is acknowledged. A commit waits for it from then on, also while it
 * is away.
 */
export async function startStandby(primary: RunningPostgres): Promise<RunningPostgres> {
  const standby = await startPostgres([], { primary })
  const here = primary.url('postgres')
  await ask(here, `alter system set synchronous_standby_names = '*'`)
  await ask(here, 'select pg_reload_conf()')
  await until('the standby to be synchronous', async () => {
    const rows = await ask(here, `select 1 from pg_stat_replication where sync_state = 'sync'`)
    return rows.length === 1
  })
  return standby
}

/** Creates a database on the server of an address, and returns its address. */
async function createdAt(url: string, name: string): Promise<string> {
  await ask(url, `create database ${name}`)
  return url.replace(/[^/]+$/, name)
}

/** The rows that a statement gives. */
export async function ask<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** A database on the server that the whole run has (`postgres-of-run.ts`). */
export function createOnShared(): Promise<string> {
  const url = process.env.LAUNCHTAIL_TEST_POSTGRES
  if (url === undefined) throw new Error('this run has no PostgreSQL: see vitest.config.ts')
  created += 1
  return createdAt(url, `t_${process.pid}_${created}`)
}

function backendsOf({ pid }: ChildProcess): number[] {
  const ofAll = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = execFileSync('cat', [`/proc/${pid}/task/${task}/children`], { encoding: 'utf8' })
    return text.trim().split(' ')
  })
  return ofAll.filter((text) => text !== '').map(Number)
}

function signalled(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/** PostgreSQL refuses to run as root: there it runs as another user, who gets the folder. */
function ownerOf(folder: string): Owner {
  if (process.getuid?.() !== 0) return {}
  const [uid = 0, gid = 0] = ['-u', '-g'].map((flag) =>
    Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' })),
  )
  chownSync(folder, uid, gid)
  return { uid, gid }
}

/** Debian keeps them where no PATH leads. */
function program(name: Making['program'] | 'postgres'): string {
  const folder = '/usr/lib/postgresql'
  const versions = existsSync(folder)
    ? readdirSync(folder).sort((a, b) => Number(b) - Number(a))
    : []
  const found = versions.map((version) => join(folder, version, 'bin', name)).find(existsSync)
  return found ?? name
}
