import { randomUUID } from 'node:crypto'
import { parseDuration } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound } from '../../errors.js'
import type { LogStore } from '../../logs/store.js'
import type { Known, Launched, Launches } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import type { SentIn } from '../../nodes/sent-in.js'
import { endIfStalled } from '../connections.js'
import { onceOf } from '../idempotency.js'
import { withRequests } from '../launch-requests.js'
import { serve } from '../operation.js'
import { shownTo } from '../own-launches.js'
import { relaunched } from '../relaunched.js'
import { refuseUnknownCode } from '../unknown-code.js'

export interface NodesOptions {
  registry: Registry
  store: Pick<LogStore, 'length'>
  launches: Launches
  sentIn: Pick<SentIn, 'add'>
  removeNode: (nodeId: string) => Promise<void>
}

/** The nodes' records, and launches. */
export function mountNodes(
  app: FastifyInstance,
  { registry, store, launches, sentIn, removeNode }: NodesOptions,
): void {
  serve(app, {
    async launchNode(call) {
      return accepted(await launches.launch(call.body, onceOf(call, 'launch')))
    },

    async relaunchNode(call) {
      const { id, body } = call
      if (!(await registry.isKnown(id))) throw nodeNotFound()
      const change = (known: Known) => relaunched(known, body)
      return accepted(await launches.relaunch(id, change, onceOf(call, `relaunch ${id}`)))
    },

    async createNode({ body }) {
      const { node_id: nodeId = randomUUID(), lost_after, ready_url: readyUrl, ...about } = body
      const lostAfter = lost_after === undefined ? undefined : parseDuration(lost_after)
      const answer = await registry.create({
        nodeId,
        about: compact(about),
        alongside: (transaction) => sentIn.add(nodeId, { lostAfter, readyUrl }, transaction),
      })
      return { answer, headers: { Location: addressOf(nodeId) } }
    },

    async listNodes({ query, find, request, reply }) {
      // A thousand records with all their labels are 20 MB.
      endIfStalled(reply.raw)
      const { nodes, cursor } = await registry.list(query, find, shownTo(request.principal))
      return { nodes, count: nodes.length, cursor }
    },

    async listNodeLaunches({ id }) {
      const node = await recordOf(id)
      const asked = await launches.askedEach(id)
      return { node_id: id, launches: withRequests(await registry.launches.list(node), asked) }
    },

    async getNodeLaunch({ id }) {
      if (!(await registry.isKnown(id))) throw nodeNotFound()
      return launches.asked(id)
    },

    async nameCause({ id, body }) {
      if (body.code !== undefined) refuseUnknownCode(body.code)
      await registry.refuseForeign(id)
      await upToDate(id)
      await registry.correct(id, body)
      return recordOf(id)
    },

    async takeBackCause({ id }) {
      await registry.refuseForeign(id)
      await upToDate(id)
      await registry.takeBack(id)
      return recordOf(id)
    },

    async terminateNode({ id }) {
      await registry.refuseForeign(id)
      await recordOf(id)
      await launches.terminate(id)
      return recordOf(id)
    },

    async deleteNode({ id }) {
      await registry.refuseForeign(id)
      await recordOf(id)
      await removeNode(id)
    },
  })

  /** Another program may have written the end of the launch, or the beginning of the next. */
  async function upToDate(nodeId: string): Promise<void> {
    if (!(await registry.find(nodeId, await store.length(nodeId)))) throw nodeNotFound()
  }

  async function recordOf(nodeId: string) {
    const record = await registry.find(nodeId)
    if (!record) throw nodeNotFound()
    return record
  }
}

function accepted({ replayed, ...launched }: Launched) {
  return {
    answer: { ...launched, status: 'launching' as const },
    headers: {
      Location: addressOf(launched.node_id),
      'Idempotent-Replayed': replayed && 'true',
    },
  }
}

function addressOf(nodeId: string): string {
  return `/admin/nodes/${nodeId}`
}

/** Leaves out fields that are undefined; they would be stored otherwise. */
function compact<T extends object>(about: T) {
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
}
