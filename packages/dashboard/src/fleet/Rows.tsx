import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { FleetNode } from '../hub/messages.js'
import { VirtualRows } from '../parts/VirtualRows.js'
import { NodeRow } from './NodeRow.js'

/** A row's height in pixels on a wide and on a narrow screen, as in the style sheet. */
const WIDE = 52
const NARROW = 104

/** The nodes, one a row. */
export function Rows({ nodes }: { nodes: readonly FleetNode[] }) {
  const narrow = useMedia('(max-width: 700px)')
  return (
    <VirtualRows
      count={nodes.length}
      version={`${narrow}`}
      estimate={() => (narrow ? NARROW : WIDE)}
      box={{ class: 'nodes', role: 'list', 'aria-label': 'Nodes, newest first', tabIndex: 0 }}
    >
      {(row) => {
        const node = nodes[row] as FleetNode
        return <NodeRow key={node.node_id} node={node} position={row + 1} count={nodes.length} />
      }}
    </VirtualRows>
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
