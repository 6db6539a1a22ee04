import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { atEnd, end, TOKEN, temporaryFolder } from '../support/processes.js'

/** Thousands of readers, and a sender for each node: bench/load/follow.c, a process of its own. */
export interface Crowd {
  /** From now on, something happens to all readers. Gives the milliseconds after which all are back. */
  mark(): Promise<number>
  /** Ends when each reader has all that was sent, or after a minute. */
  stop(): Promise<CrowdReport>
}

export interface CrowdReport {
  readonly sent: number
  readonly acknowledged: number
  readonly received: number
  /** Entries that readers have not got, and that they got twice or before or after their turn. */
  readonly lost: number
  readonly duplicated: number
  readonly skipped: number
  /** Events that say that a log is over, or that something is missing. */
  readonly told: number
  /** How often readers came again, and how often they got no stream. */
  readonly again: number
  readonly not_streams: number
  /** Requests of the senders that had to be sent again, by what came of them. */
  readonly refused: number
  readonly broken: number
  readonly unanswered: number
  /** Milliseconds: from the instant of an entry to its arrival, and from its first request to its answer. */
  readonly p99: number
  readonly append_p50: number
  readonly append_p99: number
  readonly append_max: number
}

export interface CrowdOptions {
  /** One, or two of which each has half of the connections. */
  ports: readonly number[]
  /** They are called n0, n1 and so on. */
  nodes: number
  /** Of each node. */
  readers: number
  /** Entries a second in all. */
  rate: number
  /** Milliseconds after which a reader comes again, at most. */
  again: number
}

const SOURCES = fileURLToPath(new URL('../../../../bench/load/', import.meta.url))
/** Seconds within which everybody must have everything once nothing bad happens any more. */
const SETTLE = 60

/** False where there is no compiler. */
export const hasCompiler = spawnSync('cc', ['--version']).status === 0

export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const { ports, nodes, readers, rate, again } = options
  const [port, other] = ports
  const words = {
    port,
    ...(other !== undefined && { other }),
    headers: `X-Admin-Token: ${TOKEN}`,
    path: '/admin/nodes/n%d/logs/stream?tail=all',
    send: '/admin/nodes/n%d/logs',
    ...{ nodes, readers, rate, again, drain: SETTLE },
  }
  const args = Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = spawn(await compiled(), ['follow', ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  atEnd(() => end(child))
  const waiting = new Map<string, (line: Line) => void>()
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Line
    waiting.get(line.phase)?.(line)
  })
  const next = (phase: string) =>
    Promise.race([
      new Promise<Line>((resolve) => waiting.set(phase, resolve)),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the crowd ended with ${code} before it was ${phase}`)
      }),
    ])
  await next('open')
  return {
    async mark() {
      const live = next('live')
      child.stdin.write('mark\n')
      return ((await live) as { ms: number } & Line).ms
    },
    async stop() {
      const done = next('done')
      child.stdin.write('stop\n')
      return (await done) as CrowdReport & Line
    },
  }
}

interface Line {
  readonly phase: string
}

async function compiled(): Promise<string> {
  const program = join(await temporaryFolder(), 'load')
  const files = readdirSync(SOURCES).filter((name) => name.endsWith('.c'))
  const flags = ['-std=c99', '-D_GNU_SOURCE', '-O2', '-o', program]
  execFileSync('cc', [...flags, ...files.map((name) => join(SOURCES, name))])
  return program
}
