import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT } from '../exit.js'
import { pass, type Sink } from './pass.js'

/** How the command, or the input, has ended. */
export interface Ran {
  /** The exit code for this process. */
  readonly code: number
  /** Why the launch has failed; undefined if the command has succeeded. */
  readonly failure?: string
  /** Why the command did not run at all. */
  readonly notRun?: string
  /** True if a signal to this process ended it. */
  readonly isInterrupted?: boolean
}

/**
 * For how long the output of a command that failed is read on, in milliseconds. What it left running may
 * hold the output open for ever. The output of one that succeeded is read to its end: that may be the server.
 */
const LAST_WORDS = 10_000

/** Signals by which a person or a system ends this process. */
export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs a command, passes its output on, and signals to it. */
export async function runCommand([program = '', ...args]: string[], sink: Sink): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  let got: NodeJS.Signals | undefined
  const forward = (signal: NodeJS.Signals) => {
    got ??= signal
    // A terminal sends Ctrl-C to the command, too. A second signal would cut its clean-up short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  try {
    const passed = Promise.all([
      pass(child.stdout, process.stdout, sink),
      pass(child.stderr, process.stderr, sink),
    ])
    // Whoever waits for it throws it.
    passed.catch(() => {})
    const [code, signal] = await ended
    const ran = ranOf(code, signal, got)
    if (ran.failure === undefined) await passed
    else await lastWords(child, passed)
    return ran
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EACCES'
    const notRun = `${program} cannot be run: ${(cause as Error).message}`
    return { code: isThere ? 126 : 127, failure: `the command ${notRun}`, notRun }
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward)
  }
}

/** Reads the output of a command that failed to its end, or for as long as may be. */
async function lastWords(
  { stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>,
  passed: Promise<unknown>,
): Promise<void> {
  const read = new AbortController()
  const { signal } = read
  try {
    await Promise.race([passed, pause(LAST_WORDS, undefined, { signal })])
  } finally {
    read.abort()
    stdout.destroy()
    stderr.destroy()
  }
}

function ranOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  got: NodeJS.Signals | undefined,
): Ran {
  const how = signal === null ? `left with exit code ${named(code)}` : `was ended by ${signal}`
  const exit = code ?? exitCodeFor(signal as NodeJS.Signals)
  if (exit === 0) return { code: 0 }
  if (got !== undefined) {
    const failure = `the launch was cancelled: the command got ${got} and ${how}`
    return { code: exit, failure, isInterrupted: true }
  }
  return { code: exit, failure: `the command ${how}` }
}

/** The exit code that shells use for a signal. */
export function exitCodeFor(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

/** A shell reports a program that was ended by a signal as 128 and the signal's number. */
function named(code: number | null): string {
  const known = Object.entries(constants.signals)
  const name = known.find(([, number]) => number === (code ?? 0) - 128)?.[0]
  return name ? `${code} (${name})` : `${code}`
}

/** Keeps reading after the first Ctrl-C, because the writing program may have more to say. */
export async function readInput(sink: Sink, note: (text: string) => void): Promise<Ran> {
  let code: number = EXIT.active
  process.once('SIGINT', () => {
    code = EXIT.interrupted
    note('reading the rest of the input; press Ctrl-C again to stop at once')
  })
  await pass(process.stdin, process.stdout, sink)
  return { code }
}
