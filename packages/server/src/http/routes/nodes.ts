import { randomUUID } from 'node:crypto'
import { launchSchema, newNodeSchema, operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { HttpError, nodeNotFound } from '../../errors.js'
import type { Appender } from '../../logs/appender.js'
import type { LogStore } from '../../logs/store.js'
import type { Launches } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import { mediaType, readBody } from '../body.js'
import { idempotencyKey, sha256 } from '../idempotency.js'
import { parseJson } from '../json.js'
import { mount, parseBody } from '../operation.js'

export interface NodesOptions {
  registry: Registry
  store: LogStore
  appender: Appender
  launches: Launches
}

const JSON_ONLY = ['application/json'] as const

/** The nodes' records, and launches. */
export function mountNodes(
  app: FastifyInstance,
  { registry, store, appender, launches }: NodesOptions,
): void {
  mount(
    app,
    operations.launchNode,
    async ({ request, reply }) => {
      const bytes = await readBody(request.raw)
      const body = parseBody(launchSchema, parseJson(bytes))
      const key = idempotencyKey(request, 'launch')
      const { replayed, ...answer } = await launches.launch(
        body,
        key === undefined ? undefined : { key, digest: sha256(bytes) },
      )
      if (replayed) reply.header('Idempotent-Replayed', 'true')
      reply.header('Location', `/admin/nodes/${answer.node_id}`)
      return reply.code(202).send({ ...answer, status: 'launching' })
    },
    (request) => void mediaType(request.raw, JSON_ONLY),
  )

  mount(
    app,
    operations.createNode,
    async ({ request, reply }) => {
      const body = parseBody(newNodeSchema, parseJson(await readBody(request.raw)))
      const { node_id: nodeId = randomUUID(), ...about } = body
      const record = await registry.create({ nodeId, about: compact(about) })
      return reply.code(201).header('Location', `/admin/nodes/${nodeId}`).send(record)
    },
    (request) => void mediaType(request.raw, JSON_ONLY),
  )

  mount(app, operations.listNodes, async ({ query }) => {
    const { nodes, cursor } = await registry.list(query)
    return { nodes, count: nodes.length, ...(cursor !== undefined && { cursor }) }
  })

  mount(app, operations.getNode, async ({ id }) => {
    const record = await registry.find(id)
    if (!record) throw nodeNotFound()
    return record
  })

  mount(app, operations.getNodeLaunch, async ({ id }) => {
    if (!(await registry.isKnown(id))) throw nodeNotFound()
    return launches.asked(id)
  })

  mount(app, operations.terminateNode, async ({ id, reply }) => {
    if (!(await registry.find(id))) throw nodeNotFound()
    await launches.terminate(id)
    return reply.code(202).send(await registry.get(id))
  })

  mount(app, operations.deleteNode, async ({ id, reply }) => {
    if (!(await registry.find(id))) throw nodeNotFound()
    if (await launches.running(id)) {
      throw new HttpError(409, 'the node is being launched or runs; terminate it first')
    }
    // Before anything is gone: it refuses where another process runs the launch.
    await launches.forget(id)
    // The record first: a list without a record is a node still, a record without a list is too.
    await registry.remove(id)
    await store.remove(id)
    appender.forget(id)
    return reply.code(204).send()
  })
}

/** Without the fields that were not given: they would be stored as such. */
function compact<T extends object>(about: T) {
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
}
