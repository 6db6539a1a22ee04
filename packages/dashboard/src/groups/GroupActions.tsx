import type { WholeGroup } from '@launchtail/client'
import { go } from '../address.js'
import { Action } from '../parts/Action.js'
import { inert } from '../parts/inert.js'
import { client } from '../session.js'

export interface GroupActionsProps {
  group: WholeGroup
  onDone: () => Promise<void>
}

/** What can be done with a group; each action is confirmed first. */
export function GroupActions({ group, onDone }: GroupActionsProps) {
  const { group_id: id, update, ended_at: endedAt } = group
  const name = inert(id)
  if (endedAt !== undefined) {
    return (
      <Action
        name="Forget"
        question={`Forget ${name}, and delete its nodes and their logs?`}
        act={async () => {
          await client.peek().deleteGroup(id)
          go(['groups'])
        }}
      />
    )
  }
  return (
    <span class="actions">
      {update?.state !== 'running' && (
        <Action
          name="Replace nodes"
          question={`Launch the same anew, and replace the nodes of ${name} one after the other? With changes, that is "launchtail group update".`}
          act={async () => {
            await client.peek().updateGroup(id)
            await onDone()
          }}
        />
      )}
      <Action
        name="Terminate"
        question={`Take down all nodes of ${name}?`}
        act={async () => {
          await client.peek().terminateGroup(id)
          await onDone()
        }}
      />
    </span>
  )
}
