import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cleanLine } from '../../../output/clean.js'

export interface SkyCommandOptions {
  /** The `sky` program. */
  file: string
  env: Readonly<Record<string, string>>
}

export interface Said {
  /** Null where it was ended by a signal, or could not be started. */
  readonly code: number | null
  /** Without colours. */
  readonly text: string
}

/** What of an answer is kept. */
const MOST = 1024 * 1024

/** Runs `sky` and takes its whole answer, of bounded length. Ended when the signal aborts. */
function runSky(
  { file, env }: SkyCommandOptions,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const child = spawn(file, [...words], { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const stop = () => void child.kill('SIGKILL')
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size <= MOST) chunks.push(chunk)
      })
    }
    child.once('error', (error) => {
      signal.removeEventListener('abort', stop)
      reject(error)
    })
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return reject(signal.reason)
      const lines = Buffer.concat(chunks).toString('utf8').split('\n')
      resolve({ code, text: lines.map((line) => cleanLine(line).text).join('\n') })
    })
  })
}

/** Where `sky` is, as a shell would find it. */
export function findSky(path = ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'sky'))
    .find(isProgram)
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    // Not there, or not ours to run.
    return false
  }
}

/**
 * Whether the cluster is there; undefined where that cannot be learnt. The answer has prose before
 * its JSON, and says that all is well also when there is no such cluster.
 */
export async function isThere(
  sky: SkyCommandOptions,
  cluster: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { text } = await runSky(sky, ['status', cluster, '--refresh', '-o', 'json'], signal)
  const found = listIn(text)
  return found?.some((one) => (one as { name?: unknown } | null)?.name === cluster)
}

function listIn(text: string): unknown[] | undefined {
  for (let at = text.indexOf('['); at !== -1; at = text.indexOf('[', at + 1)) {
    try {
      const value: unknown = JSON.parse(text.slice(at, text.lastIndexOf(']') + 1))
      if (Array.isArray(value)) return value
    } catch {
      // A bracket of the prose's.
    }
  }
  return undefined
}

/** Where a port of the cluster is reached, as soon as that is known. */
export async function endpointOf(
  sky: SkyCommandOptions,
  { cluster, port, signal }: { cluster: string; port: number; signal: AbortSignal },
): Promise<string | undefined> {
  const words = ['status', '--endpoint', String(port), cluster]
  const { code, text } = await runSky(sky, words, signal)
  if (code !== 0) return undefined
  return text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) =>
      /^(?:https?:\/\/)?[\w.[\]:-]+:\d{1,5}(?:\/\S*)?$|^https?:\/\/\S+$/.test(line),
    )
}

/** Takes the cluster down, with whatever is still being done for it. Returns when it is gone. */
export async function skyDown(
  sky: SkyCommandOptions,
  cluster: string,
  signal: AbortSignal,
): Promise<void> {
  const { code, text } = await runSky(sky, ['down', '-y', cluster], signal)
  const there = await isThere(sky, cluster, signal)
  if (there === false || (there === undefined && code === 0)) return
  const said = text.trim().split('\n').slice(-3).join(' ').slice(0, 500)
  throw new Error(`\`sky down ${cluster}\` did not take it down: ${said}`)
}
