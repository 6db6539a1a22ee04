import { useEffect, useMemo } from 'preact/hooks'
import { route } from '../address.js'
import { counted } from '../parts/counts.js'
import { Fault } from '../parts/Fault.js'
import { Filters } from './Filters.js'
import { NoRows } from './NoRows.js'
import { Rows } from './Rows.js'
import { createSelection } from './selection.js'
import type { FleetState } from './state.js'

/** All nodes, live. */
export function FleetPage({ fleet }: { fleet: FleetState }) {
  const { nodes, total, refusal } = fleet
  const selection = useMemo(() => createSelection({ nodes, route }), [nodes])
  useEffect(() => {
    document.title = 'Nodes – Launchtail'
  }, [])
  const shown = selection.shown.value
  return (
    <section class="fleet" aria-label="Nodes">
      <h1 class="hidden">Nodes</h1>
      <Filters selection={selection} />
      <Fault text={refusal.value} />
      {(total.value ?? 0) > nodes.value.size && (
        <p class="part hint">
          Showing the newest {counted(nodes.value.size)} of {counted(total.value ?? 0)} nodes.
        </p>
      )}
      {shown.length > 0 ? <Rows nodes={shown} /> : <NoRows fleet={fleet} />}
    </section>
  )
}
