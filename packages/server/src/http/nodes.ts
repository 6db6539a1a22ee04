import { randomUUID } from 'node:crypto'
import {
  type LaunchRequest,
  launchSchema,
  type NodeLaunch,
  newNodeSchema,
  operations,
} from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { HttpError, nodeNotFound } from '../errors.js'
import type { Appender } from '../logs/appender.js'
import type { LogStore } from '../logs/store.js'
import type { Registry } from '../nodes/registry.js'
import { mediaType, readBody } from './body.js'
import { idempotencyKey, type Replies, sha256 } from './idempotency.js'
import { parseJson } from './json.js'
import { mount, parseBody } from './operation.js'

/** What the routes need of whoever launches nodes. */
export interface Launches {
  launch(request: LaunchRequest): Promise<{ node_id: string; cluster_name: string }>
  asked(nodeId: string): Promise<NodeLaunch>
  terminate(nodeId: string): Promise<void>
  running(nodeId: string): boolean | Promise<boolean>
  forget(nodeId: string): Promise<void> | void
}

export interface NodesOptions {
  registry: Registry
  store: LogStore
  appender: Appender
  launches: Launches
  replies: Replies
}

const JSON_ONLY = ['application/json'] as const

/** The nodes' records, and launches. */
export function mountNodes(
  app: FastifyInstance,
  { registry, store, appender, launches, replies }: NodesOptions,
): void {
  mount(
    app,
    operations.launchNode,
    async ({ request, reply }) => {
      const bytes = await readBody(request.raw)
      const body = parseBody(launchSchema, parseJson(bytes))
      const launch = async () => ({ ...(await launches.launch(body)), status: 'launching' })
      const key = idempotencyKey(request, 'launch')
      const { answer, replayed } = key
        ? await replies.once(key, sha256(bytes), launch)
        : { answer: await launch(), replayed: false }
      if (replayed) reply.header('Idempotent-Replayed', 'true')
      reply.header('Location', `/admin/nodes/${answer.node_id}`)
      return reply.code(202).send(answer)
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
