import type { Group } from '@launchtail/client'
import { hrefOf } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { Table } from '../parts/Table.js'
import { dayAndTime } from '../parts/times.js'
import { client } from '../session.js'
import { activeOf, updateOf } from './group-words.js'
import { usePolled } from './polled.js'

/** All groups, newest first. */
export function Groups() {
  const { value, fault } = usePolled(() => client.peek().listGroups(), '')
  const groups = value.value?.groups
  return (
    <>
      <h1>Groups</h1>
      <Fault text={fault.value} />
      {groups?.length === 0 && (
        <p class="hint">There are no groups. A launch with more than one replica makes one.</p>
      )}
      {groups && groups.length > 0 && (
        <Table head={['Group', 'State', 'Active', 'Update', 'Launched']}>
          {groups.map((group) => (
            <Row key={group.group_id} group={group} />
          ))}
        </Table>
      )}
    </>
  )
}

function Row({ group }: { group: Group }) {
  const { group_id, status, update, created_at } = group
  return (
    <tr>
      <td>
        <a href={hrefOf(['groups', group_id])}>{inert(group_id)}</a>
      </td>
      <td>{status}</td>
      <td>{activeOf(group)}</td>
      <td>{update && updateOf(update)}</td>
      <td>{dayAndTime(created_at)}</td>
    </tr>
  )
}
