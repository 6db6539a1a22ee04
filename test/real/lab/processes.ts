import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The variable that everything of a lab has in its environment. Its value is the lab’s folder. Its name
 * begins with something else than LAUNCHTAIL_, which Launchtail keeps from the programs it starts.
 */
export const MARK = 'REAL_LAB'

/** Waits until something is so, and says what it was waiting for if it never is. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  { within = 60_000, every = 250, signal }: UntilOptions = {},
): Promise<T> {
  const end = performance.now() + within
  for (;;) {
    const value = await probe()
    if (value) return value
    if (performance.now() > end) throw new Error(`waited ${within / 1000} s for ${what}`)
    await sleep(every, undefined, { signal })
  }
}

export interface UntilOptions {
  within?: number
  every?: number
  signal?: AbortSignal
}

export interface StartOptions {
  env: NodeJS.ProcessEnv
  /** Where its output goes. */
  log: string
}

/** Starts a program in a session of its own, so that Ctrl-C does not end it before the lab does. */
export function start(command: string, args: string[], { env, log }: StartOptions): ChildProcess {
  const output = openSync(log, 'a')
  const child = spawn(command, args, { env, stdio: ['ignore', output, output], detached: true })
  child.on('error', (error) => console.error(`${command}: ${error.message}`))
  return child
}

/** Runs a program to its end; what it printed. Throws where it fails. */
export async function run(
  command: string,
  args: string[],
  { env = process.env, within = 60_000 }: { env?: NodeJS.ProcessEnv; within?: number } = {},
): Promise<string> {
  const signal = AbortSignal.timeout(within)
  const child = spawn(command, args, { env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) {
    const message = `${command} ${args.join(' ')} exited with ${code}:\n${output.slice(-3000)}`
    throw new CommandError(message, code)
  }
  return output
}

export class CommandError extends Error {
  readonly code: number | null
  constructor(message: string, code: number | null) {
    super(message)
    this.code = code
  }
}

/** Ends a program by a signal, and by SIGKILL if it takes longer than allowed. */
export async function end(
  child: ChildProcess,
  { signal = 'SIGTERM', within = 20_000 }: { signal?: NodeJS.Signals; within?: number } = {},
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), within)
  await ended
  clearTimeout(late)
}

/**
 * The processes that have one of these words as a line of their environment, in their command line, or
 * in the path of an open file. Many of a lab's processes outlive those that started them, and some
 * overwrite their environment by a title.
 */
export function processesWith(words: readonly string[]): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => pid !== process.pid && words.some((word) => has(pid, word)))
}

function has(pid: number, word: string): boolean {
  const folder = `/proc/${pid}`
  try {
    if (readFileSync(`${folder}/environ`, 'utf8').split('\0').includes(word)) return true
    if (readFileSync(`${folder}/cmdline`, 'utf8').includes(word)) return true
    const files = readdirSync(`${folder}/fd`)
    return files.some((file) => readlinkSync(`${folder}/fd/${file}`).includes(word))
  } catch {
    // The process, or its file, is no more. If the process still is, the next look finds it.
    return false
  }
}

/** Ends processes at once, and waits until they are gone. */
export async function killAll(find: () => number[]): Promise<void> {
  await until('processes to end that were killed', () => {
    const pids = find()
    for (const pid of pids) kill(pid)
    return pids.length === 0
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
