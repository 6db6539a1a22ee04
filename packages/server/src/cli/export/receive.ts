import { createHash, type Hash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, type Client, ConnectionError, type ExportAllOptions } from '@launchtail/client'
import { backOff } from '@launchtail/client/async'
import { endingIn, formatDuration, LONGEST_ENDING } from '@launchtail/client/protocol'
import { CliError } from '../exit.js'
import type { TrailingFetch } from './trailing-fetch.js'

/** What a file has of an export. */
export interface Received {
  bytes: number
  readonly hash: Hash
}

export interface ReceiveOptions {
  client: Client
  trailers: TrailingFetch['trailers']
  query: ExportAllOptions
  received: Received
  /** Called with the query with which the export can be resumed. */
  onBegin: (query: ExportAllOptions) => Promise<void>
  write: (bytes: Uint8Array) => Promise<void>
  note: (text: string) => void
}

export interface Whole {
  readonly count: number
  /** False if the server said that there may be more. */
  readonly isComplete: boolean
}

/** How often it is tried again without anything new in between. */
const ATTEMPTS = 6
const BACK_OFF = { first: 500, longest: 10_000 }

export function nothingYet(): Received {
  return { bytes: 0, hash: createHash('sha256') }
}

/**
 * Reads an export to its end and checks it. A broken one is resumed where it was cut: the server makes
 * it again, and goes on only if what is here is the beginning of it.
 */
export async function receive(options: ReceiveOptions): Promise<Whole> {
  const { received, note } = options
  let { query } = options
  for (let failures = 0; ; ) {
    const before = received.bytes
    try {
      const answer = await ask()
      return await take(answer, options)
    } catch (error) {
      // Without a first answer, there may be no server at all.
      if (query.now === undefined || !mayPass(error)) throw error
      failures = received.bytes > before ? 1 : failures + 1
      const words = `the export was cut after ${received.bytes} bytes: ${(error as Error).message}`
      if (failures === ATTEMPTS) throw new CliError(words, undefined, { cause: error })
      note(`${words}; resuming`)
      await pause(Math.max(backOff(failures, { ...BACK_OFF, random: Math.random }), wanted(error)))
    }
  }

  async function ask(): Promise<Response> {
    const { bytes, hash } = received
    const resume = bytes > 0 ? { offset: bytes, digest: hash.copy().digest('hex') } : undefined
    const more = { trailer: true, resume, onWait }
    const answer = await options.client.exportLogs({ ...query, ...more })
    if (resume && answer.headers.get('Log-Offset') !== String(resume.offset)) {
      throw new CliError('a proxy answered in place of the server')
    }
    if (query.now === undefined) {
      query = { ...query, now: timeOf(answer) }
      const warning = answer.headers.get('Log-Warning')
      if (warning !== null) note(warning)
      await options.onBegin(query)
    }
    return answer
  }

  function onWait(ms: number, { message }: ApiError): void {
    note(`${message}: trying again in ${formatDuration(ms)}`)
  }
}

/** Writes an answer to its end, except for the proof that it is whole. */
async function take(answer: Response, options: ReceiveOptions): Promise<Whole> {
  const { received, query, trailers } = options
  let held = Buffer.alloc(0)
  for await (const piece of answer.body as unknown as AsyncIterable<Uint8Array>) {
    held = Buffer.concat([held, piece])
    await write(held.length - LONGEST_ENDING)
  }
  const ending = endingIn(held, query.format ?? 'ndjson')
  if (!ending) throw new ConnectionError('it ended too soon')
  await write(held.length - ending.length)
  const digest = received.hash.copy().digest('hex')
  const whole = received.hash.copy().update(held).digest('hex')
  const said = trailers()['log-digest']
  if ((ending.digest ?? digest) !== digest || (said ?? whole) !== whole) {
    throw new CliError('the export arrived with another digest than it was sent with')
  }
  return ending

  async function write(length: number): Promise<void> {
    if (length <= 0) return
    const bytes = held.subarray(0, length)
    await options.write(bytes)
    received.hash.update(bytes)
    received.bytes += length
    held = held.subarray(length)
  }
}

/** `-2h` and `today` are counted from here when the export is resumed, too. */
function timeOf(answer: Response): string {
  const date = Date.parse(answer.headers.get('Date') ?? '')
  return new Date(Number.isNaN(date) ? Date.now() : date).toISOString()
}

/** Milliseconds that the server wants to be left alone. */
function wanted(error: unknown): number {
  return (error instanceof ApiError && error.retryAfter) || 0
}

function mayPass(error: unknown): boolean {
  if (error instanceof CliError) return false
  // A body that breaks off throws an error of Node's, and no class of ours.
  return !(error instanceof ApiError) || error.isPassing
}
