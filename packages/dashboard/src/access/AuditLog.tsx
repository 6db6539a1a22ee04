import type { AuditLine } from '@launchtail/client'
import { useSignal } from '@preact/signals'
import { useCallback } from 'preact/hooks'
import { hrefOf } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { useRefreshed } from '../parts/refreshed.js'
import { Table } from '../parts/Table.js'
import { client } from '../session.js'

/** How many lines are shown at first, and how many more at a time. */
const PAGE = 50
const HEAD = ['When', 'Who', 'From', 'What', 'Of', 'Status', 'Times', 'Why']

/** Who did what, and who was refused, newest first. */
export function AuditLog() {
  const refused = useSignal(false)
  const limit = useSignal(PAGE)
  const [onlyRefused, most] = [refused.value, limit.value]
  const { value: page, fault } = useRefreshed(
    useCallback(
      (signal) => client.peek().listAudit({ signal, limit: most, refused: onlyRefused }),
      [most, onlyRefused],
    ),
  )
  return (
    <>
      <p class="filters">
        <label class="check">
          <input
            type="checkbox"
            checked={refused.value}
            onChange={({ currentTarget }) => {
              refused.value = currentTarget.checked
            }}
          />
          Only refusals
        </label>
      </p>
      <Fault text={fault} />
      {page?.count === 0 && <p class="empty">There is nothing yet.</p>}
      {page && page.count > 0 && (
        <div class="table">
          <Table head={HEAD}>
            {page.audit.map((line) => (
              <Row key={line.audit_id} line={line} />
            ))}
          </Table>
        </div>
      )}
      {page?.cursor !== undefined && limit.value < 1000 && (
        <p>
          <button
            type="button"
            onClick={() => {
              limit.value = Math.min(1000, limit.value * 2)
            }}
          >
            Show more
          </button>
        </p>
      )}
    </>
  )
}

function Row({ line }: { line: AuditLine }) {
  const { at, token = 'nobody', token_id, address, operation, node_id, subject, status } = line
  return (
    <tr data-refused={status === 401 || status === 403}>
      <td>
        <time dateTime={at}>{new Date(at).toLocaleString()}</time>
      </td>
      <td title={token_id}>{inert(token)}</td>
      <td>{address}</td>
      <td>{operation}</td>
      <td>
        {node_id ? <a href={hrefOf(['nodes', node_id])}>{inert(node_id)}</a> : inert(subject ?? '')}
      </td>
      <td>{status}</td>
      <td>{line.count}</td>
      <td class="why">{inert(line.message ?? '')}</td>
    </tr>
  )
}
