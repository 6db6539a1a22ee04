import type { LaunchSummary } from '@launchtail/client'
import { route, setQuery } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { choosePair } from './choose.js'
import { Durations } from './Durations.js'
import { Fields } from './Fields.js'
import { useLaunches, useLines } from './loading.js'
import { SideBySide } from './SideBySide.js'
import { titleOf } from './titles.js'

/** What differs between two launches of a node: the times, the request, and the lines. */
export function Compare({ nodeId }: { nodeId: string }) {
  const { launches, fault } = useLaunches(nodeId)
  if (fault !== '') return <Fault text={fault} />
  if (!launches) return <p class="hint">Loading the launches…</p>
  const pair = choosePair(launches, route.value.query)
  if (!pair) {
    return <p class="empty">This node has been launched once. There is nothing to compare yet.</p>
  }
  const [left, right] = pair
  return (
    <>
      <div class="filters">
        <Chosen side="left" launches={launches} launch={left} />
        <Chosen side="right" launches={launches} launch={right} />
      </div>
      <div class="columns">
        <Durations left={left} right={right} />
        <Fields left={left} right={right} />
      </div>
      <Lines nodeId={nodeId} left={left} right={right} />
    </>
  )
}

interface ChosenProps {
  side: 'left' | 'right'
  launches: readonly LaunchSummary[]
  launch: LaunchSummary
}

function Chosen({ side, launches, launch }: ChosenProps) {
  return (
    <label>
      {side === 'left' ? 'Launch' : 'beside'}{' '}
      <select
        value={launch.number}
        onChange={({ currentTarget }) => setQuery({ [side]: currentTarget.value })}
      >
        {launches.map((one) => (
          <option key={one.number} value={one.number}>
            {titleOf(one)}
          </option>
        ))}
      </select>
    </label>
  )
}

interface PairProps {
  nodeId: string
  left: LaunchSummary
  right: LaunchSummary
}

function Lines({ nodeId, left, right }: PairProps) {
  const one = useLines(nodeId, left.number)
  const other = useLines(nodeId, right.number)
  const fault = one.fault || other.fault
  if (fault !== '') return <Fault text={fault} />
  if (!one.lines || !other.lines) return <p class="hint">Loading the logs…</p>
  return <SideBySide left={one.lines} right={other.lines} numbers={[left.number, right.number]} />
}
