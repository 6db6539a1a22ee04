import { randomUUID } from 'node:crypto'
import { HttpError } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import { lineDecoder } from '../output/lines.js'
import type { Redactor } from '../output/redact/index.js'
import { BEGIN_KEY, endsInKey } from './cut-key.js'
import { bodyRedactor, createCutLines } from './cut-line.js'
import { createPipeline } from './pipeline.js'
import { createRawAppend } from './raw-append.js'

/** The name of raw output in its node's log, and the offset in it at which a body begins, in bytes. */
export interface Source {
  readonly name: string
  readonly offset: number
  /** The `Idempotency-Key`, if the source is named by it: then the body is the whole output. */
  readonly key?: string
}

export interface RawBody {
  /** As it arrives. */
  readonly chunks: AsyncIterable<Buffer>
  /** True if its sender has all of it, and can send it again. */
  readonly canBeSentAgain: boolean
}

export interface RawBodyOptions {
  appender: Appender
  store: LogStore
  /** A redactor for one output into this node's log. */
  redactorFor: (nodeId: string) => Redactor
  /** For how long a body that cannot be sent again waits for the storage, in milliseconds. */
  storageGrace: number
}

/** Reads bodies of raw output into their nodes' logs. */
export function createBodyReader({ appender, store, redactorFor, storageGrace }: RawBodyOptions) {
  const cutLines = createCutLines()
  return { read, skip }

  async function read(nodeId: string, source: Source | undefined, body: RawBody) {
    // Output without a name is given one, so that an append that is repeated is stored once.
    const { name, offset } = source ?? { name: `body:${randomUUID()}`, offset: 0 }
    const stored = await store.offset(nodeId, name)
    if (offset > stored) {
      const headers = { 'Log-Offset': String(stored) }
      throw new HttpError(409, `the output from byte ${stored} on is missing`, { headers })
    }
    const output = `${nodeId} ${name}`
    // A body that is the whole output neither goes on nor is continued.
    const mayBeCut = source !== undefined && source.key === undefined
    const before = mayBeCut && stored > 0 ? cutLines.before(output, stored) : ''
    const lines = redactorFor(nodeId)
    // Before the first line of the body, which goes on with what is `before` it.
    if (stored > 0 && (await endsInKey(store, nodeId))) lines.line(BEGIN_KEY)
    const redactor = bodyRedactor(lines, before)
    const raw = createRawAppend({ appender, nodeId, name, storageGrace })
    const pipeline = createPipeline({
      append: raw.append,
      state: await appender.state(nodeId),
      at: { lines: stored, words: 0 },
      from: stored,
      position: (line) => stored + line.end,
      redactor,
      linesDecide: true,
      // A sender that can send again gets the error at once. A pipe that cannot waits for a while.
      retries: source === undefined && !body.canBeSentAgain,
      signal: raw.signal,
    })
    try {
      const decoder = lineDecoder()
      let reached = stored
      for await (const chunk of without(stored - offset, body.chunks)) {
        reached += chunk.length
        await pipeline.take(decoder.push(chunk))
      }
      if (mayBeCut) redactor.lastLine()
      await pipeline.take(decoder.end())
      await pipeline.end()
      // A body that was stored already says nothing new of the line it ends in.
      if (mayBeCut && reached > stored) cutLines.remember(output, reached, redactor.end())
    } finally {
      pipeline.cancel()
      raw.cancel()
    }
    return { accepted: raw.accepted(), cursor: raw.cursor() ?? (await tip(nodeId)) }
  }

  /** Reads a body that is stored already, for its hash alone. */
  async function skip(nodeId: string, { chunks }: RawBody) {
    for await (const _ of chunks);
    return { accepted: 0, cursor: await tip(nodeId) }
  }

  async function tip(nodeId: string): Promise<string> {
    const answer = await appender.append(nodeId, [])
    if (answer.outcome === 'elsewhere') throw new Error('an append without an offset has no place')
    return answer.cursor
  }
}

/** The chunks without their first `length` bytes, which are stored already. */
async function* without(length: number, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let skip = length
  for await (const chunk of chunks) {
    const fresh = skip > 0 ? chunk.subarray(skip) : chunk
    skip = Math.max(0, skip - chunk.length)
    if (fresh.length > 0) yield fresh
  }
}
