import { setQuery } from '../address.js'
import type { FleetState } from './state.js'

/** Says why no node is shown, and what to do about it. */
export function NoRows({ fleet: { nodes, total, refusal } }: { fleet: FleetState }) {
  if (total.value === undefined) {
    return <p class="empty">{refusal.value ? '' : 'Loading nodes …'}</p>
  }
  if (nodes.value.size > 0) {
    return (
      <p class="empty">
        No node matches the filter.{' '}
        <button type="button" onClick={() => setQuery({ q: '', phase: '', provider: '' })}>
          Show all
        </button>
      </p>
    )
  }
  return (
    <div class="empty">
      <p>No node has been launched yet.</p>
      <p>
        <a class="button primary" href="#/launch">
          Launch a node
        </a>
      </p>
      <p>
        Or send the output of another launcher to <a href="docs">the API</a> as it is printed.
      </p>
      <p class="hint">
        To see recorded launches, start the server with <code>npm start -- --demo</code>.
      </p>
    </div>
  )
}
