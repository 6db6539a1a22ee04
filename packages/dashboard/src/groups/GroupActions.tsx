import type { WholeGroup } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { go } from '../address.js'
import { Confirm, Dialog } from '../parts/Dialog.js'
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
      <GroupAction
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
        <GroupAction
          name="Replace nodes"
          question={`Launch the same anew, and replace the nodes of ${name} one after the other? With changes, that is "launchtail group update".`}
          act={async () => {
            await client.peek().updateGroup(id)
            await onDone()
          }}
        />
      )}
      <GroupAction
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

interface GroupActionProps {
  name: string
  question: string
  act: () => Promise<void>
}

function GroupAction({ name, question, act }: GroupActionProps) {
  const open = useSignal(false)
  return (
    <>
      <button
        type="button"
        onClick={() => {
          open.value = true
        }}
      >
        {name}
      </button>
      <Dialog title={`${name}?`} open={open}>
        <p>{question}</p>
        <Confirm name={name} open={open} act={act} danger />
      </Dialog>
    </>
  )
}
