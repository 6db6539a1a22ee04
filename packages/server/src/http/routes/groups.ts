import type { FastifyInstance } from 'fastify'
import { groupNotFound } from '../../errors.js'
import type { GroupReads } from '../../nodes/groups/group-reads.js'
import type { GroupRows } from '../../nodes/groups/group-rows.js'
import type { Groups } from '../../nodes/groups/groups.js'
import type { Known } from '../../nodes/launches.js'
import type { Registry } from '../../nodes/registry.js'
import { onceOf } from '../idempotency.js'
import { serve } from '../operation.js'
import { relaunched } from '../relaunched.js'

export interface GroupsOptions {
  groups: Groups
  groupReads: GroupReads
  groupRows: Pick<GroupRows, 'find'>
  registry: Pick<Registry, 'isKnown'>
  removeNode: (nodeId: string) => Promise<void>
}

/** Groups: nodes that are launched, replaced and ended together. */
export function mountGroups(
  app: FastifyInstance,
  { groups, groupReads, groupRows, registry, removeNode }: GroupsOptions,
): void {
  serve(app, {
    async launchGroup(call) {
      const once = onceOf(call, 'launch group')
      const { replayed, ...answer } = await groups.launch(call.body, once)
      return {
        answer,
        headers: {
          Location: `/admin/groups/${answer.group_id}`,
          'Idempotent-Replayed': replayed && 'true',
        },
      }
    },

    async listGroups({ query }) {
      const { groups, cursor } = await groupReads.list(query)
      return { groups, count: groups.length, cursor }
    },

    getGroup: ({ id }) => groupReads.get(id),

    async updateGroup(call) {
      const { id, body } = call
      if (!(await groupRows.find(id))) throw groupNotFound()
      const { only, max_surge: surge = 1, replicas, ...changes } = body
      const change = (known: Known) => relaunched(known, changes)
      const once = onceOf(call, `update ${id}`)
      const isDifferent = only !== undefined || Object.keys(changes).length > 0
      const how = { only, surge, replicas, replaces: isDifferent || replicas === undefined }
      const { replayed } = await groups.update(id, change, how, once)
      const answer = await groupReads.get(id)
      return { answer, headers: { 'Idempotent-Replayed': replayed && 'true' } }
    },

    async terminateGroup({ id }) {
      await groups.terminate(id)
      return groupReads.get(id)
    },

    async deleteGroup({ id }) {
      await groups.forget(id, async (nodeId) => {
        if (await registry.isKnown(nodeId)) await removeNode(nodeId)
      })
    },
  })
}
