import type { Delivery } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { hrefOf } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { Table } from '../parts/Table.js'
import { client } from '../session.js'
import { useDeliveries } from './state.js'

const HEAD = ['When', 'Event', 'Node', 'State', 'Attempts', 'Last', '']

/** The latest messages of a webhook and their results. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const { deliveries, fault, refresh } = useDeliveries(webhookId)
  const refused = useSignal('')

  async function again(id: string): Promise<void> {
    refused.value = ''
    await client
      .peek()
      .redeliver(id)
      .catch((error) => {
        refused.value = (error as Error).message
      })
    await refresh()
  }

  if (deliveries?.length === 0) return <p class="empty">Nothing has been sent yet.</p>
  return (
    <div class="table">
      <Fault text={fault || refused.value} />
      {deliveries && (
        <Table head={HEAD}>
          {deliveries.map((one) => (
            <Row key={one.delivery_id} delivery={one} onAgain={() => again(one.delivery_id)} />
          ))}
        </Table>
      )}
    </div>
  )
}

interface RowProps {
  delivery: Delivery
  onAgain: () => Promise<void>
}

function Row({ delivery, onAgain }: RowProps) {
  const { created_at, type, node_id, state, attempts, answer, next_at } = delivery
  return (
    <tr data-state={state}>
      <td>
        <time dateTime={created_at}>{new Date(created_at).toLocaleString()}</time>
      </td>
      <td>{type}</td>
      <td>{node_id && <a href={hrefOf(['nodes', node_id])}>{inert(node_id)}</a>}</td>
      <td title={next_at && `the next attempt is due at ${next_at}`}>{state}</td>
      <td>{attempts.length}</td>
      <td title={answer}>{inert(lastOf(delivery))}</td>
      <td>
        {state !== 'waiting' && (
          <button type="button" onClick={onAgain}>
            Send again
          </button>
        )}
      </td>
    </tr>
  )
}

function lastOf({ attempts }: Delivery): string {
  const last = attempts.at(-1)
  if (!last) return ''
  return `${last.error ?? `answered ${last.status}`} in ${last.took_ms} ms`
}
