import { type Draft, draftSchema, operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError, keyReused, nodeNotFound, stillAtWork } from '../../errors.js'
import type { RawOutput } from '../../ingest/raw-output.js'
import type { Appender } from '../../logs/appender.js'
import type { LogStore } from '../../logs/store.js'
import type { Registry } from '../../nodes/registry.js'
import { arriving, mediaType, readBody } from '../body.js'
import { idempotencyKey, sha256 } from '../idempotency.js'
import { jsonParts, ndjsonParts } from '../json.js'
import { faultsOf, mount } from '../operation.js'
import { sourceOf } from '../source.js'

export interface IngestOptions {
  appender: Appender
  registry: Registry
  store: LogStore
  rawOutput: RawOutput
}

const TYPES = ['application/json', 'application/x-ndjson', 'text/plain'] as const

/** `POST /admin/nodes/{id}/logs`, and the HEAD that tells how far a source has come. */
export function mountIngest(
  app: FastifyInstance,
  { appender, registry, store, rawOutput }: IngestOptions,
): void {
  const atWork = new Set<string>()

  mount(
    app,
    operations.appendNodeLogs,
    async ({ id, request, reply }) => {
      const type = mediaType(request.raw, TYPES)
      if (type === 'text/plain') {
        const source = sourceOf(request)
        await mustKnow(id)
        const { replayed, ...answer } = await rawOutput.take(id, source, {
          chunks: arriving(request.raw),
          canBeSentAgain: request.headers['content-length'] !== undefined,
        })
        if (replayed) reply.header('Idempotent-Replayed', 'true')
        return reply.code(202).send(answer)
      }
      const key = idempotencyKey(request, 'logs')
      const bytes = await readBody(request.raw)
      const drafts = await draftsOf(bytes, type)
      await mustKnow(id)
      if (!key) return answer(reply, await appender.append(id, drafts))
      const work = `${id} ${key}`
      if (atWork.has(work)) throw stillAtWork()
      atWork.add(work)
      try {
        const digest = sha256(Buffer.concat([Buffer.from(`${type}\n`), bytes]))
        const appended = await appender.append(id, drafts, { once: { key, digest } })
        if (appended.outcome === 'replayed') {
          if (appended.digest !== digest) throw keyReused()
          reply.header('Idempotent-Replayed', 'true')
        }
        return answer(reply, appended)
      } finally {
        atWork.delete(work)
      }
    },
    (request: FastifyRequest) => void mediaType(request.raw, TYPES),
  )

  mount(app, operations.getNodeLogOffset, async ({ id, request, reply }) => {
    const source = sourceOf(request)
    await mustKnow(id)
    const offset = source ? await store.offset(id, source.name) : undefined
    if (offset !== undefined) reply.header('Log-Offset', String(offset))
    return reply.code(200).send()
  })

  async function mustKnow(nodeId: string): Promise<void> {
    if (!(await registry.isKnown(nodeId))) throw nodeNotFound()
  }
}

function answer(reply: FastifyReply, appended: Awaited<ReturnType<Appender['append']>>) {
  if (appended.outcome === 'elsewhere')
    throw new Error('an append without an offset cannot be elsewhere')
  const { accepted, cursor } = appended
  return reply.code(202).send({ accepted, cursor })
}

/** The entries of a body, all of them checked. Throws for the first that is wrong. */
async function draftsOf(
  bytes: Buffer,
  type: 'application/json' | 'application/x-ndjson',
): Promise<Draft[]> {
  const parts = type === 'application/x-ndjson' ? ndjsonParts : jsonParts
  const drafts: Draft[] = []
  for await (const part of parts(bytes)) drafts.push(draftOf(part, drafts.length))
  return drafts
}

function draftOf(value: unknown, index: number): Draft {
  const result = draftSchema.safeParse(value)
  if (result.success) return result.data
  throw new HttpError(400, `entry ${index}: ${faultsOf(result.error)}`)
}
