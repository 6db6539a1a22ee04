import type { LaunchSummary } from '@launchtail/client'
import { choosePair, type Pair, parseSide, type Side } from '@launchtail/client/compare'
import { route, setQuery } from '../address.js'
import { Fault } from '../parts/Fault.js'
import { Durations } from './Durations.js'
import { Fields } from './Fields.js'
import { useLaunches, useLines } from './loading.js'
import { SideBySide } from './SideBySide.js'
import { titleOf } from './titles.js'

/** What differs between two launches, of this node or of another one: the times, the request, and the lines. */
export function Compare({ nodeId }: { nodeId: string }) {
  const [left, right] = [useSide('left', nodeId), useSide('right', nodeId)]
  const fault = left.fault || right.fault
  if (fault !== '') return <Fault text={fault} />
  if (!left.launches || !right.launches) return <p class="hint">Loading the launches…</p>
  const pair = pairOf([left.side, right.side], left.launches, right.launches)
  if (!pair) {
    return <p class="empty">This node has been launched once. There is nothing to compare yet.</p>
  }
  const names = namesOf([left.side, right.side], pair)
  const [one, other] = pair
  return (
    <>
      <div class="filters">
        <Chosen which="left" {...left} launches={left.launches} launch={one} />
        <Chosen which="right" {...right} launches={right.launches} launch={other} />
      </div>
      <div class="columns">
        <Durations left={one} right={other} names={names} />
        <Fields left={one} right={other} names={names} />
      </div>
      <Lines nodes={[left.side.node, right.side.node]} pair={pair} names={names} />
    </>
  )
}

type Which = 'left' | 'right'

function useSide(which: Which, nodeId: string) {
  const side = parseSide(route.value.query.get(which) ?? '', nodeId) ?? { node: nodeId }
  return { side, isOwn: side.node === nodeId, ...useLaunches(side.node) }
}

type Sides = readonly [left: Side, right: Side]

function pairOf(
  [left, right]: Sides,
  ofLeft: readonly LaunchSummary[],
  ofRight: readonly LaunchSummary[],
): Pair | undefined {
  if (left.node === right.node) {
    return choosePair(ofLeft, { left: left.number, right: right.number })
  }
  const [one, other] = [chosen(ofLeft, left), chosen(ofRight, right)]
  return one && other && [one, other]
}

/** A launch by its number, else the newest. */
function chosen(launches: readonly LaunchSummary[], side: Side): LaunchSummary | undefined {
  return launches.find(({ number }) => number === side.number) ?? launches[0]
}

function namesOf([left, right]: Sides, [one, other]: Pair): readonly [string, string] {
  if (left.node === right.node) return [`launch ${one.number}`, `launch ${other.number}`]
  return [`${left.node}@${one.number}`, `${right.node}@${other.number}`]
}

interface ChosenProps {
  which: Which
  side: Side
  /** True for a launch of the node whose page this is. */
  isOwn: boolean
  launches: readonly LaunchSummary[]
  launch: LaunchSummary
}

function Chosen({ which, side: { node }, isOwn, launches, launch }: ChosenProps) {
  return (
    <span class="chosen">
      <label>
        {which === 'left' ? 'Launch' : 'beside'}{' '}
        <select
          value={launch.number}
          onChange={({ currentTarget: { value } }) =>
            setQuery({ [which]: isOwn ? value : `${node}@${value}` })
          }
        >
          {launches.map((one) => (
            <option key={one.number} value={one.number}>
              {titleOf(one)}
            </option>
          ))}
        </select>
      </label>{' '}
      <label>
        of node{' '}
        <input
          value={node}
          aria-label={`node on the ${which}`}
          onChange={({ currentTarget }) => setQuery({ [which]: currentTarget.value.trim() })}
        />
      </label>
    </span>
  )
}

interface LinesProps {
  nodes: readonly [left: string, right: string]
  pair: Pair
  names: readonly [left: string, right: string]
}

function Lines({ nodes: [left, right], pair, names }: LinesProps) {
  const one = useLines(left, pair[0].number)
  const other = useLines(right, pair[1].number)
  const fault = one.fault || other.fault
  if (fault !== '') return <Fault text={fault} />
  if (!one.lines || !other.lines) return <p class="hint">Loading the logs…</p>
  return <SideBySide left={one.lines} right={other.lines} names={names} />
}
