import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
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

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs a command, passes its output on, and signals to it. */
export async function runCommand([program = '', ...args]: string[], sink: Sink): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let got: NodeJS.Signals | undefined
  const forward = (signal: NodeJS.Signals) => {
    got ??= signal
    // A terminal sends Ctrl-C to the command, too. A second signal would cut its clean-up short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  try {
    const [[code, signal]] = await Promise.all([
      ended,
      pass(child.stdout, process.stdout, sink),
      pass(child.stderr, process.stderr, sink),
    ])
    return ranOf(code, signal, got)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EACCES'
    const notRun = `${program} cannot be run: ${(cause as Error).message}`
    return { code: isThere ? 126 : 127, failure: `the command ${notRun}`, notRun }
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward)
  }
}

function ranOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  got: NodeJS.Signals | undefined,
): Ran {
  const how = signal === null ? `left with exit code ${named(code)}` : `was ended by ${signal}`
  // The exit code that shells use for a signal.
  const exit = code ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
  if (exit === 0) return { code: 0 }
  if (got !== undefined) {
    const failure = `the launch was cancelled: the command got ${got} and ${how}`
    return { code: exit, failure, isInterrupted: true }
  }
  return { code: exit, failure: `the command ${how}` }
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
