import { createHash, type Hash, randomUUID } from 'node:crypto'
import type { Draft } from '@launchtail/client/protocol'
import { HttpError, keyReused, StorageUnavailable, stillAtWork } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import { readEntry } from '../logs/entry-text.js'
import type { LogStore } from '../logs/store.js'
import { lineDecoder } from '../output/lines.js'
import type { Redactor } from '../output/redact/index.js'
import { createPipeline, type PipelineOffset } from './pipeline.js'

/** The name of raw output in its node's log, and the offset in it at which a body begins, in bytes. */
export interface Source {
  readonly name: string
  readonly offset: number
  /** The `Idempotency-Key`, where that is what names it: then the body is the whole output. */
  readonly key?: string
}

export interface RawOutputOptions {
  appender: Appender
  store: LogStore
  /** A redactor for one output into this node's log. */
  redactorFor: (nodeId: string) => Redactor
  /** Milliseconds a body that cannot be sent again waits for a storage that is out of reach. */
  storageGrace: number
}

/** Takes the output of programs as it comes, for as long as it comes. */
export interface RawOutput {
  /** Reads a body to its end. Lines are stored as they arrive; the answer counts them. */
  take(nodeId: string, source: Source | undefined, body: RawBody): Promise<RawAnswer>
}

export interface RawBody {
  /** As it arrives. */
  readonly chunks: AsyncIterable<Buffer>
  /** True if its sender has all of it, and can send it again. */
  readonly canBeSentAgain: boolean
}

export interface RawAnswer {
  readonly accepted: number
  readonly cursor: string
  /** Whether this is the answer to an earlier request of the same key and body. */
  readonly replayed: boolean
}

/** Lines of other processes that may stand between two of a key. */
const LOOK_BACK = 20
const MASKED_LINE = /^(?:\([^()]{1,100}\) ?)*\s*\*\*\*$/

export function createRawOutput({
  appender,
  store,
  redactorFor,
  storageGrace,
}: RawOutputOptions): RawOutput {
  const atWork = new Set<string>()
  return { take }

  async function take(nodeId: string, source: Source | undefined, body: RawBody) {
    const { key } = source ?? {}
    if (source && key !== undefined) return takeOnce(nodeId, source, key, body)
    return { ...(await takeBody(nodeId, source, body)), replayed: false }
  }

  /**
   * A body that has come to its end under its key is not looked at again. One that was cut is taken
   * on from there, which is why what it came to is kept only when it is whole.
   */
  async function takeOnce(nodeId: string, source: Source, key: string, given: RawBody) {
    const work = `${nodeId} ${key}`
    if (atWork.has(work)) throw stillAtWork()
    atWork.add(work)
    try {
      const hash = createHash('sha256')
      const body = { ...given, chunks: hashed(given.chunks, hash) }
      const end = `end:${key}`
      const isOver = (await store.offset(nodeId, end)) > 0
      const answer = isOver
        ? await passOver(nodeId, body.chunks)
        : await takeBody(nodeId, source, body)
      const digest = hash.digest('hex')
      const kept = await store.append(nodeId, [], {
        offset: { name: end, from: 0, to: 1 },
        once: { key: `text:${key}`, digest, answer: JSON.stringify(answer) },
      })
      if (kept.outcome !== 'replayed') return { ...answer, replayed: false }
      if (kept.digest !== digest) throw keyReused()
      return { ...(JSON.parse(kept.answer) as typeof answer), replayed: true }
    } finally {
      atWork.delete(work)
    }
  }

  async function passOver(nodeId: string, chunks: AsyncIterable<Buffer>) {
    for await (const _ of chunks);
    return { accepted: 0, cursor: await tip(nodeId) }
  }

  async function takeBody(nodeId: string, source: Source | undefined, body: RawBody) {
    // Without a name of its own it still gets one: an append that is tried again is stored once.
    const { name, offset } = source ?? { name: `body:${randomUUID()}`, offset: 0 }
    const stored = await store.offset(nodeId, name)
    if (offset > stored) {
      const headers = { 'Log-Offset': String(stored) }
      throw new HttpError(409, `output from ${stored} on is missing`, { headers })
    }
    let accepted = 0
    let cursor: string | undefined
    const away = new AbortController()
    let giveUp: NodeJS.Timeout | undefined
    const decoder = lineDecoder()
    const redactor = redactorFor(nodeId)
    // Of what goes on in the middle of a private key, nothing but the lines before tells so.
    if (stored > 0 && (await endsInKey(nodeId))) redactor.line('-----BEGIN PRIVATE KEY-----')
    const pipeline = createPipeline({
      append,
      state: await appender.state(nodeId),
      at: { lines: stored, words: 0 },
      from: stored,
      position: (line) => stored + line.end,
      redactor,
      linesDecide: true,
      // Who can send again is told at once; a pipe that cannot is kept waiting for a while.
      patient: source === undefined && !body.canBeSentAgain,
      signal: away.signal,
    })
    try {
      await read()
    } finally {
      pipeline.cancel()
      clearTimeout(giveUp)
    }
    cursor ??= await tip(nodeId)
    return { accepted, cursor }

    async function read(): Promise<void> {
      let skip = stored - offset
      for await (const chunk of body.chunks) {
        const fresh = skip > 0 ? chunk.subarray(skip) : chunk
        skip = Math.max(0, skip - chunk.length)
        if (fresh.length > 0) await pipeline.take(decoder.push(fresh))
      }
      await pipeline.take(decoder.end())
      await pipeline.end()
    }

    async function append(drafts: readonly Draft[], { from, to }: PipelineOffset) {
      // Runs from the first try that fails to the one that succeeds.
      giveUp ??= setTimeout(() => away.abort(new StorageUnavailable('waited')), storageGrace)
      const answer = await appender.append(nodeId, drafts, {
        offset: { name, from, to },
        redacted: true,
      })
      clearTimeout(giveUp)
      giveUp = undefined
      if (answer.outcome === 'stored') {
        accepted += answer.accepted
        cursor = answer.cursor
      }
      return answer
    }
  }

  /** Whether one of the log's last lines was masked as a whole, as those of a key are. */
  async function endsInKey(nodeId: string): Promise<boolean> {
    const length = await store.length(nodeId)
    const from = Math.max(0, length - LOOK_BACK)
    const texts = await store.read(nodeId, from, LOOK_BACK)
    return texts.some((text) => MASKED_LINE.test(readEntry(text)?.message ?? ''))
  }

  async function tip(nodeId: string): Promise<string> {
    const answer = await appender.append(nodeId, [])
    if (answer.outcome === 'elsewhere') throw new Error('an append without an offset has no place')
    return answer.cursor
  }
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
