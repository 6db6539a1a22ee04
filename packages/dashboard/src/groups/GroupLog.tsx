import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { hrefOf } from '../address.js'
import { timeStyle } from '../log/settings.js'
import { Fault } from '../parts/Fault.js'
import { inert } from '../parts/inert.js'
import { timeOf } from '../parts/times.js'
import { VirtualRows } from '../parts/VirtualRows.js'
import { client } from '../session.js'

export interface GroupLogProps {
  groupId: string
  /** Another one opens the stream anew: it has ended when all nodes were active. */
  generation: number
}

interface GroupLine {
  readonly id: string
  readonly nodeId: string
  readonly timestamp: string
  readonly level: string
  readonly message: string
}

/** So many lines are kept, and so many of them are those before the page was opened. */
const MOST = 5000
const TAIL = 500
const LINE = 20

/** The logs of a group's nodes in one, live. */
export function GroupLog({ groupId, generation }: GroupLogProps) {
  const { lines, fault } = useGroupLines(groupId, generation)
  const following = useSignal(true)
  // Its nodes have begun at different times.
  const style = timeStyle.value === 'utc' ? 'utc' : 'local'
  return (
    <section class="log group-log" aria-label="Logs of the group">
      <Fault text={fault.value} />
      <VirtualRows
        count={lines.value.length}
        version={`${generation}`}
        estimate={() => LINE}
        following={following}
        box={{
          class: 'lines',
          role: 'log',
          'aria-live': 'off',
          'aria-label': 'Lines',
          tabIndex: 0,
        }}
      >
        {(row) => {
          const { id, nodeId, timestamp, level, message } = lines.value[row] as GroupLine
          return (
            <div class="group-line" key={id} data-level={level}>
              <time title={timestamp}>{timeOf(Date.parse(timestamp), style, 0)}</time>
              <a href={hrefOf(['nodes', nodeId])}>{inert(nodeId)}</a>
              <span>{inert(message)}</span>
            </div>
          )
        }}
      </VirtualRows>
    </section>
  )
}

function useGroupLines(groupId: string, generation: number) {
  const lines = useSignal<readonly GroupLine[]>([])
  const fault = useSignal('')
  useEffect(() => {
    const away = new AbortController()
    let fresh: GroupLine[] = []
    let known: readonly GroupLine[] = []
    // Once a frame: hundreds may come at once.
    let frame = 0
    const show = () => {
      frame = 0
      known = [...known, ...fresh].slice(-MOST)
      fresh = []
      lines.value = known
    }
    void follow().catch((error) => {
      if (!away.signal.aborted) fault.value = (error as Error).message
    })
    return () => {
      away.abort()
      cancelAnimationFrame(frame)
    }

    async function follow(): Promise<void> {
      const events = client.peek().streamGroup(groupId, { tail: TAIL, signal: away.signal })
      for await (const event of events) {
        // The log of one node, or of all of them, comes anew.
        if (event.event === 'gap') {
          const { node_id: again } = event.data
          known = again === undefined ? [] : known.filter(({ nodeId }) => nodeId !== again)
        }
        if (event.event !== 'log') continue
        const { node_id: nodeId, timestamp, level, message } = event.data
        fresh.push({ id: event.id, nodeId, timestamp, level, message })
        frame ||= requestAnimationFrame(show)
      }
    }
  }, [groupId, generation, lines, fault])
  return { lines, fault }
}
