import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { setQuery } from '../address.js'
import type { SeenNode } from '../hub/messages.js'
import { counted } from '../parts/counts.js'
import { phaseName } from '../parts/phases.js'
import { VirtualRows } from '../parts/VirtualRows.js'
import { NodeRow } from './NodeRow.js'
import { counts, filter, KINDS, nodes, providers, refusal, shown, total } from './state.js'

/** All nodes, live. */
export function FleetPage() {
  useEffect(() => {
    document.title = 'Nodes – Launchtail'
  }, [])
  return (
    <section class="fleet" aria-label="Nodes">
      <h1 class="hidden">Nodes</h1>
      <Filters />
      {refusal.value && (
        <p class="fault" role="alert">
          {refusal.value}
        </p>
      )}
      {(total.value ?? 0) > nodes.value.size && (
        <p class="part hint">
          The newest {counted(nodes.value.size)} of {counted(total.value ?? 0)} nodes are shown.
        </p>
      )}
      {shown.value.length > 0 ? <Rows /> : <NoRows />}
    </section>
  )
}

function Filters() {
  const { text, phase, provider } = filter.value
  return (
    <div class="filters">
      <input
        type="search"
        placeholder="Name, model, GPU, region, cause"
        aria-label="Filter by text"
        value={text}
        onInput={({ currentTarget }) => setQuery({ q: currentTarget.value })}
      />
      <select
        aria-label="Provider"
        value={provider}
        onChange={({ currentTarget }) => setQuery({ provider: currentTarget.value })}
      >
        <option value="">all providers</option>
        {[...new Set([...providers.value, ...(provider ? [provider] : [])])].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <fieldset class="phases">
        <legend class="hidden">Phase</legend>
        {KINDS.map((name) => (
          <button
            key={name}
            type="button"
            data-phase={name}
            data-none={counts.value.get(name) === 0 || undefined}
            aria-pressed={phase === name}
            onClick={() => setQuery({ phase: phase === name ? '' : name })}
          >
            <i />
            {phaseName(name)} <b>{counts.value.get(name)}</b>
          </button>
        ))}
      </fieldset>
    </div>
  )
}

/** As in the style sheet, in pixels: a row on a wide screen, and on a narrow one. */
const WIDE = 52
const NARROW = 104

function Rows() {
  const narrow = useMedia('(max-width: 700px)')
  return (
    <VirtualRows
      count={shown.value.length}
      version={`${narrow}`}
      estimate={() => (narrow ? NARROW : WIDE)}
      box={{ class: 'nodes', role: 'list', 'aria-label': 'Nodes, newest first', tabIndex: 0 }}
    >
      {(row) => {
        const node = shown.value[row] as SeenNode
        return <NodeRow key={node.node_id} node={node} place={row} count={shown.value.length} />
      }}
    </VirtualRows>
  )
}

function NoRows() {
  if (total.value === undefined)
    return <p class="empty">{refusal.value ? '' : 'Looking for nodes …'}</p>
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
        Or send in the output of any launcher as it comes: see <a href="docs">the API</a>.
      </p>
      <p class="hint">
        Started with <code>npm start -- --demo</code>, the server shows recorded launches.
      </p>
    </div>
  )
}

function useMedia(query: string): boolean {
  const matches = useSignal(matchMedia(query).matches)
  useEffect(() => {
    const media = matchMedia(query)
    const onChange = () => {
      matches.value = media.matches
    }
    media.addEventListener('change', onChange)
    return () => media.removeEventListener('change', onChange)
  }, [query, matches])
  return matches.value
}
