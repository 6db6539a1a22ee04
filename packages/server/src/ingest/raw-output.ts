import { createHash, type Hash } from 'node:crypto'
import { keyReused, stillAtWork } from '../errors.js'
import { readKept } from '../logs/append-reply.js'
import { createBodyReader, type RawBody, type RawBodyOptions, type Source } from './raw-body.js'

export type { Source } from './raw-body.js'

/** Takes the output of programs as it comes, for as long as it comes. */
export interface RawOutput {
  /** Reads a body to its end. Lines are stored as they arrive, and the answer counts them. */
  take(nodeId: string, source: Source | undefined, body: RawBody): Promise<RawAnswer>
}

export interface RawAnswer {
  readonly accepted: number
  readonly cursor: string
  /** True if this is the answer to an earlier request with the same key and body. */
  readonly replayed: boolean
}

export function createRawOutput(options: RawBodyOptions): RawOutput {
  const { store } = options
  const bodies = createBodyReader(options)
  const inProgress = new Set<string>()
  return { take }

  async function take(nodeId: string, source: Source | undefined, body: RawBody) {
    const { key } = source ?? {}
    if (source && key !== undefined) return takeOnce(nodeId, source, key, body)
    return { ...(await bodies.read(nodeId, source, body)), replayed: false }
  }

  async function takeOnce(nodeId: string, source: Source, key: string, body: RawBody) {
    const work = `${nodeId} ${key}`
    if (inProgress.has(work)) throw stillAtWork()
    inProgress.add(work)
    try {
      return await readOnce(nodeId, source, key, body)
    } finally {
      inProgress.delete(work)
    }
  }

  /**
   * A body that was read to its end under its key is not stored again. One that was cut short is
   * continued, which is why its answer is kept only when it is whole.
   */
  async function readOnce(nodeId: string, source: Source, key: string, given: RawBody) {
    const hash = createHash('sha256')
    const body = { ...given, chunks: hashed(given.chunks, hash) }
    const end = `end:${key}`
    const isOver = (await store.offset(nodeId, end)) > 0
    const answer = isOver
      ? await bodies.skip(nodeId, body)
      : await bodies.read(nodeId, source, body)
    const digest = hash.digest('hex')
    const kept = await store.append(nodeId, [], {
      offset: { name: end, from: 0, to: 1 },
      once: { key: `text:${key}`, digest, answer: JSON.stringify(answer) },
    })
    if (kept.outcome !== 'replayed') return { ...answer, replayed: false }
    if (kept.digest !== digest) throw keyReused()
    return { ...(readKept(kept.answer) as unknown as typeof answer), replayed: true }
  }
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}
