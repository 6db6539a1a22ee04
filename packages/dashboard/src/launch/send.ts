import type { NewLaunch, NodeLaunch } from '@launchtail/client'
import { client } from '../session.js'
import type { Draft } from './draft.js'
import { patchTo } from './patch.js'
import { groupOf, requestOf } from './request.js'

/** A request that launches something: its path below `/admin`, and its body. */
export interface LaunchCall {
  readonly path: string
  readonly body: { readonly secrets?: Readonly<Record<string, string | null>> | undefined }
  /** True if the new node is linked with the one that it was made from. */
  readonly linked: boolean
  /** Carries it out, and returns the route of what is launched. */
  send(idempotencyKey: string): Promise<string[]>
}

interface Again {
  readonly id: string
  readonly asked: NodeLaunch
}

/**
 * How what the form asks for is sent. Where it is another node than the one that it was made from, it is sent
 * as a change of that node's launch, so that the two are linked.
 */
export function launchCall(draft: Draft, again?: Again): LaunchCall {
  const group = groupOf(draft)
  if (group) {
    return {
      ...{ path: 'groups', body: group, linked: false },
      async send(idempotencyKey) {
        const { group_id } = await client.peek().launchGroup(group, { idempotencyKey })
        return ['groups', group_id]
      },
    }
  }
  const request = requestOf(draft)
  if (again && request.node_id !== again.id) return relaunchCall(request, again)
  return {
    ...{ path: 'nodes/launch', body: request, linked: false },
    async send(idempotencyKey) {
      const { node_id } = await client.peek().launchNode(request, { idempotencyKey })
      return ['nodes', node_id]
    },
  }
}

function relaunchCall({ secrets = {}, ...request }: NewLaunch, { id, asked }: Again): LaunchCall {
  // All of them are given again, and those that are not are taken out.
  const forgotten = Object.fromEntries(asked.secrets.map((name) => [name, null]))
  const given = { ...forgotten, ...secrets }
  const { node_id: _, ...before } = asked.request
  const changes = {
    ...patchTo(before, request),
    ...(Object.keys(given).length > 0 && { secrets: given }),
  }
  return {
    ...{ path: `nodes/${encodeURIComponent(id)}/relaunch`, body: changes, linked: true },
    async send(idempotencyKey) {
      const { node_id } = await client.peek().relaunchNode(id, changes, { idempotencyKey })
      return ['nodes', node_id]
    },
  }
}
