import type { DoneEvent, Instant, Phase } from '@launchtail/client/protocol'
import { doneOf } from '../ending.js'
import { DELETED, deletedError } from '../faults.js'
import { doneText, endText, errorText, nodeText, withId } from './events.js'
import { ENDS } from './id.js'
import { phaseOf } from './members.js'
import { idOf, type Place, removePlace } from './position.js'
import type { Sources } from './sources.js'
import { isLater, type Step } from './step.js'

export interface SettleOptions {
  sources: Sources
  /** The stream ends with the last of its nodes. */
  hasEnd: boolean
  phase: Phase | undefined
  until: Instant | undefined
}

/** Says what there is to say of a node all of whose log was sent, and of a set with no node left. */
export function createSettle({ sources, hasEnd, phase, until }: SettleOptions) {
  return { settle, settleSet }

  function settle(step: Step, place: Place): void {
    const { feed, nodeId, recorded, isRemoved, phase: stored } = place.source
    if (isRemoved) {
      // Without an id, as every error that is no entry's.
      step.text += `${errorText(nodeId, deletedError(feed.phase() ?? stored))}\n`
      done(step, place, DELETED)
      return
    }
    const newest = feed.newest()
    if (newest && isLater(newest, until)) return
    const end = doneOf({ follow: true, ...(recorded && { recorded }) }, { newest, end: feed.end() })
    if (end) done(step, place, end)
    else if (phase !== undefined && phaseOf(place.source) !== phase) {
      removePlace(step.position, place, sources)
      step.text += withId(nodeText(nodeId, 'left'), idOf(step.position))
    }
  }

  function done(step: Step, place: Place, end: DoneEvent): void {
    const { position } = step
    const kind = ENDS.indexOf(end.status as (typeof ENDS)[number])
    if (hasEnd && kind >= 0) position.ends[kind] = (position.ends[kind] ?? 0) + 1
    removePlace(position, place, sources)
    step.text += withId(doneText(place.source.nodeId, end), idOf(position))
  }

  function settleSet(step: Step): void {
    const { position } = step
    if (!hasEnd || position.isEnd || position.places.size > 0) return
    position.isEnd = true
    position.ids.changed()
    const counts = ENDS.map((name, i) => [name, position.ends[i] ?? 0] as const)
    const nodes = Object.fromEntries(counts.filter(([, count]) => count > 0))
    step.text += withId(endText(nodes), idOf(position))
  }
}
