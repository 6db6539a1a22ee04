import type { Operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { keyReused, nodeNotFound, stillAtWork } from '../../errors.js'
import type { RawOutput } from '../../ingest/raw-output.js'
import type { Appender } from '../../logs/appender.js'
import type { LogStore } from '../../logs/store.js'
import type { Signs } from '../../nodes/ends/signs.js'
import type { Registry } from '../../nodes/registry.js'
import { arriving, readBody } from '../body.js'
import { draftsOf } from '../drafts.js'
import { idempotencyKey, sha256 } from '../idempotency.js'
import type { Limits } from '../limits/limits.js'
import { type Call, type Result, serve } from '../operation.js'
import { namedSourceOf, sourceOf } from '../source.js'

export interface IngestOptions {
  appender: Appender
  registry: Registry
  store: LogStore
  rawOutput: RawOutput
  signs: Pick<Signs, 'opened'>
  limits: Pick<Limits, 'entries'>
}

/** Milliseconds of silence after which the system asks whether the sender of an open body is there. */
const KEEP_ALIVE = 30_000

type AppendCall = Call<Operations['appendNodeLogs']>
type Appended = Result<Operations['appendNodeLogs']>

/** `POST /admin/nodes/{id}/logs`, and the HEAD that answers how much of a source has arrived. */
export function mountIngest(
  app: FastifyInstance,
  { appender, registry, store, rawOutput, signs, limits }: IngestOptions,
): void {
  /** The requests with an `Idempotency-Key` that are not answered yet. */
  const atWork = new Set<string>()

  serve(app, {
    async appendNodeLogs(call) {
      const { principal } = call.request
      limits.entries.check(principal)
      const taken = await (call.type === 'text/plain'
        ? takeOutput(call)
        : takeEntries(call, call.type))
      // How many they are is known only now: one request may use up what is left, and more.
      limits.entries.spend(principal, acceptedIn(taken))
      return taken
    },

    async getNodeLogOffset(call) {
      const source = namedSourceOf(call)
      await mustKnow(call.id)
      const offset = source && (await store.offset(call.id, source.name))
      return { answer: undefined, headers: { 'Log-Offset': offset?.toString() } }
    },
  })

  async function takeOutput(call: AppendCall): Promise<Appended> {
    const { id, request } = call
    const source = sourceOf(call)
    await mustKnow(id)
    const closed = signs.opened(id)
    // The system notices by this that the sender's machine has vanished.
    request.raw.socket.setKeepAlive(true, KEEP_ALIVE)
    try {
      const { replayed, ...answer } = await rawOutput.take(id, source, {
        chunks: arriving(request.raw),
        canBeSentAgain: request.headers['content-length'] !== undefined,
      })
      return answered(answer, replayed)
    } finally {
      closed()
    }
  }

  async function takeEntries(
    call: AppendCall,
    type: Exclude<AppendCall['type'], 'text/plain'>,
  ): Promise<Appended> {
    const { id, request } = call
    const key = idempotencyKey(call, 'logs')
    const bytes = await readBody(request.raw)
    const drafts = await draftsOf(bytes, type)
    await mustKnow(id)
    if (!key) return answered(placed(await appender.append(id, drafts)))
    const work = `${id} ${key}`
    if (atWork.has(work)) throw stillAtWork()
    atWork.add(work)
    try {
      const digest = sha256(Buffer.concat([Buffer.from(`${type}\n`), bytes]))
      const appended = placed(await appender.append(id, drafts, { once: { key, digest } }))
      const replayed = appended.outcome === 'replayed'
      if (replayed && appended.digest !== digest) throw keyReused()
      return answered(appended, replayed)
    } finally {
      atWork.delete(work)
    }
  }

  async function mustKnow(nodeId: string): Promise<void> {
    if (!(await registry.isKnown(nodeId))) throw nodeNotFound()
  }
}

/** An append that names no offset never finds itself elsewhere. */
function placed(appended: Awaited<ReturnType<Appender['append']>>) {
  if (appended.outcome === 'elsewhere') throw new Error('an append without an offset is elsewhere')
  return appended
}

function acceptedIn({ answer }: Appended): number {
  return 'accepted' in answer ? answer.accepted : 0
}

function answered(
  { accepted, cursor }: { accepted: number; cursor: string },
  replayed = false,
): Appended {
  return {
    answer: { accepted, cursor },
    headers: { 'Idempotent-Replayed': replayed ? 'true' : undefined },
  }
}
