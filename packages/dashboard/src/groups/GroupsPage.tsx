import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import type { FleetState } from '../fleet/state.js'
import { Fault } from '../parts/Fault.js'
import type { GroupProps } from './Group.js'

export interface GroupsPageProps {
  /** Undefined for all groups. */
  groupId: string | undefined
  fleet: Pick<FleetState, 'nodes'>
}

interface Parts {
  readonly Groups: ComponentType
  readonly Group: ComponentType<GroupProps>
}

/** Groups of nodes, or one of them. Their code is loaded when it is first needed. */
export function GroupsPage({ groupId, fleet }: GroupsPageProps) {
  const loaded = useSignal<Parts | undefined>(undefined)
  const fault = useSignal('')
  useEffect(() => {
    document.title = `${groupId ?? 'Groups'} – Launchtail`
    Promise.all([import('./Groups.js'), import('./Group.js')]).then(
      ([{ Groups }, { Group }]) => {
        loaded.value = { Groups, Group }
      },
      () => {
        fault.value = 'This part of the page could not be loaded. Reload the page to try again.'
      },
    )
  }, [groupId, loaded, fault])
  const parts = loaded.value
  return (
    <article class="groups">
      <Fault text={fault.value} />
      {parts && groupId === undefined && <parts.Groups />}
      {parts && groupId !== undefined && (
        <parts.Group groupId={groupId} nodes={fleet.nodes.value} />
      )}
    </article>
  )
}
