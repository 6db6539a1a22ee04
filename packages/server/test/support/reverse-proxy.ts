import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from '../../src/launch/local/port.js'
import { atEnd, end, temporaryFolder, until } from './processes.js'
import { KINDS, type ProxyName } from './reverse-proxy-kinds.js'

/** A real proxy that runs its example, with the addresses, files and time-outs of a test. */
export interface ReverseProxy {
  readonly port: number
  /** The certificate that it shows, for `HOST`. */
  readonly certificate: Buffer
  /** All it has said. */
  output(): string
  /** Goes over to the same configuration with the header `X-Config` on each answer. */
  reload(): Promise<void>
}

/** The name that the examples serve. */
export const HOST = 'launchtail.example.org'
/** Stands for the examples' 60 s. */
export const TIMEOUT = 4000

/** Where `scripts/test-setup.sh` unpacks what is not installed. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'launchtail-proxies')

/** The path of a proxy's program; undefined where there is none. */
export function programOf(name: ProxyName): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return [...folders, join(CACHE, 'usr/sbin'), join(CACHE, 'usr/bin')]
    .map((folder) => join(folder, name))
    .find(isProgram)
}

export async function startReverseProxy(
  name: ProxyName,
  { upstream }: { upstream: string },
): Promise<ReverseProxy> {
  const kind = KINDS[name]
  const program = programOf(name) ?? name
  const folder = await temporaryFolder()
  const file = join(folder, kind.example)
  const [port, admin] = [await freePort(), await freePort()]
  const place = {
    port,
    admin,
    upstream: new URL(upstream).host,
    folder,
    ...madeCertificate(folder),
  }
  const example = await readFile(new URL(kind.example, EXAMPLES), 'utf8')
  const config = replaced(example, kind.adapted({ ...place, timeout: `${TIMEOUT / 1000}s` }))
  let output = ''
  await writeFile(file, config)
  let child = await run(kind.run(file, place))
  await until(`${name} to listen; it said: ${output}`, () => {
    if (child.exitCode !== null) throw new Error(`${name} left: ${output}`)
    return canConnect(port)
  })
  return { port, certificate: await readFile(place.certificate), output: () => output, reload }

  async function reload(): Promise<void> {
    await writeFile(file, replaced(config, kind.marked))
    const next = await run(kind.reload(file, place))
    // It is a proxy that takes over, or a command that tells the proxy.
    const leaving = kind.takesOver ? child : next
    if (kind.takesOver) child = next
    await until(`${name} to reload`, () => leaving.exitCode !== null)
  }

  async function run(args: string[]): Promise<ChildProcess> {
    const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder }
    const started = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    atEnd(async () => {
      // A proxy that is killed leaves its workers behind.
      endGroupOf(started)
      await end(started)
      for (const left of kind.leaves?.(place) ?? []) await rm(left, { force: true })
    })
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    return started
  }
}

/** Nothing once it has ended: its number may be that of another test's process by then. */
function endGroupOf({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL')
}

const EXAMPLES = new URL('../../../../examples/proxies/', import.meta.url)

/** Fails where the example lacks one of the texts, so that a test never runs something else. */
function replaced(text: string, texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts).reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`the example has not one '${from}'`)
    return before.replace(from, () => to)
  }, text)
}

function madeCertificate(folder: string) {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
      .concat(['-days', '2', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`])
      .concat(['-keyout', key, '-out', certificate]),
    { stdio: 'pipe' },
  )
  return { certificate, key }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
