import { randomUUID } from 'node:crypto'
import { parseDuration } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'
import { nodeNotFound, StorageFull } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import type { Appender } from '../../logs/appender.js'
import type { LogStore } from '../../logs/store.js'
import type { Known, Launched, Launches, Once } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import type { SentIn } from '../../nodes/sent-in.js'
import type { StreamTickets } from '../../nodes/stream-tickets.js'
import { endIfStalled } from '../connections.js'
import { idempotencyKey, type Repeatable, sha256 } from '../idempotency.js'
import { withRequests } from '../launch-requests.js'
import { serve } from '../operation.js'
import { relaunched } from '../relaunched.js'
import { refuseUnknownCode } from '../unknown-code.js'

export interface NodesOptions {
  registry: Registry
  store: LogStore
  appender: Appender
  launches: Launches
  sentIn: Pick<SentIn, 'add'>
  archive: Pick<Archive, 'forget'>
  tickets: Pick<StreamTickets, 'forgetNode'>
  /** Makes some room on a full disk while it acts. */
  withRoom: <T>(act: () => Promise<T>) => Promise<T>
}

/** The nodes' records, and launches. */
export function mountNodes(
  app: FastifyInstance,
  { registry, store, appender, launches, sentIn, archive, tickets, withRoom }: NodesOptions,
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

    async listNodes({ query, find, reply }) {
      // A thousand records with all their labels are 20 MB.
      endIfStalled(reply.raw)
      const { nodes, cursor } = await registry.list(query, find)
      return { nodes, count: nodes.length, cursor }
    },

    getNode: ({ id }) => recordOf(id),

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
      // Deleting takes room too, and on a full disk it is what makes some.
      await orWithRoom(() => remove(id), withRoom)
      await tickets.forgetNode(id)
    },
  })

  function remove(nodeId: string): Promise<void> {
    return launches.forget(nodeId, async () => {
      // Either of them alone is a node that can be deleted again. The list goes first, because
      // whoever asks for a node of which there is only a list gives it a record.
      await appender.remove(nodeId, async () => {
        await store.remove(nodeId)
        await archive.forget(nodeId)
        await registry.remove(nodeId)
      })
    })
  }

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

function onceOf(call: Repeatable & { bytes: Buffer }, path: string): Once | undefined {
  const key = idempotencyKey(call, path)
  return key === undefined ? undefined : { key, digest: sha256(call.bytes) }
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

/** Does it again with some room where the disk is full. */
function orWithRoom(act: () => Promise<void>, withRoom: NodesOptions['withRoom']): Promise<void> {
  return act().catch((error) => {
    if (!(error instanceof StorageFull)) throw error
    return withRoom(act)
  })
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
