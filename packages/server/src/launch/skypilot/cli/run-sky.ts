import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDeadline } from '@launchtail/client/async'
import { cleanLine } from '../../../output/clean.js'

export interface SkyCommandOptions {
  /** The `sky` program. */
  file: string
  env: Readonly<Record<string, string>>
}

export interface Said {
  /** Null where a signal ended it. */
  readonly code: number | null
  /** Without colours. */
  readonly text: string
}

/** How long the output may stay open when `sky` has ended. */
const DRAIN = 1000
/** How many bytes of an answer are kept. */
const MOST = 1024 * 1024

/** Runs `sky` and takes its answer, in bounded time and memory. Kills it when the signal aborts. */
export function runSky(
  sky: SkyCommandOptions,
  words: readonly string[],
  { timeout, signal }: { timeout: number; signal: AbortSignal },
): Promise<Said> {
  return withDeadline(timeout, signal, (within) => run(sky, words, within))
}

async function run(
  { file, env }: SkyCommandOptions,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Said> {
  signal.throwIfAborted()
  const chunks: Buffer[] = []
  let size = 0
  const child = spawn(file, [...words], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MOST) chunks.push(chunk)
    })
  }
  try {
    const closed = once(child, 'close', { signal })
    // An API server that `sky` has started holds on to its output.
    const exited = once(child, 'exit', { signal }).then(([code]) =>
      sleep(DRAIN, [code], { signal }),
    )
    const [code] = await Promise.race([closed, exited])
    const lines = Buffer.concat(chunks).toString('utf8').split('\n')
    return { code, text: lines.map((line) => cleanLine(line).text).join('\n') }
  } finally {
    child.kill('SIGKILL')
    child.stdout.destroy()
    child.stderr.destroy()
  }
}
