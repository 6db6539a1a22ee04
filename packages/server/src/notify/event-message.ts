import {
  type Failure,
  type NodeRecord,
  shorten,
  type WebhookEvent,
} from '@launchtail/client/protocol'
import type { LaunchEvent } from '../nodes/launch-events/launch-event.js'
import type { LaunchData, LaunchMessage, MessageData } from './message.js'

export interface EventMessage {
  readonly type: WebhookEvent
  readonly message: LaunchMessage
  /** Failures with the same cause are merged into one message. */
  readonly cause?: string
}

/** The message about an event of a launch, with the record that is stored in the same transaction. */
export function messageOf(event: LaunchEvent, record: NodeRecord): EventMessage {
  const { type, data, cause } = contentOf(event)
  const message = {
    type,
    timestamp: event.at,
    index: event.index,
    data: { launch: launchOf(record), ...data },
  }
  return { type, message, ...(cause !== undefined && { cause }) }
}

/** The node without its phases, with long texts shortened. */
export function launchOf({ phases: _, failure, message, ...node }: NodeRecord): LaunchData {
  return { ...node, message: shorten(message), ...(failure && { failure: cut(failure) }) }
}

interface Content {
  readonly type: WebhookEvent
  readonly data: MessageData
  readonly cause?: string
}

function contentOf(event: LaunchEvent): Content {
  switch (event.kind) {
    case 'started':
      return { type: 'launch.started', data: {} }
    case 'phase': {
      const { from, to, took_ms } = event
      return { type: 'launch.phase_changed', data: { from, to, took_ms } }
    }
    case 'stalled': {
      const { phase, silent_for_ms, usual_ms } = event
      const usual = usual_ms === undefined ? {} : { usual_ms }
      return { type: 'launch.stalled', data: { phase, silent_for_ms, ...usual } }
    }
    case 'recovered': {
      const { phase, stalled_for_ms } = event
      return { type: 'launch.recovered', data: { phase, stalled_for_ms } }
    }
    case 'unhealthy':
      return { type: 'launch.unhealthy', data: { reason: event.reason, since: event.since } }
    case 'healthy':
      return { type: 'launch.healthy', data: { unhealthy_for_ms: event.unhealthy_for_ms } }
    case 'over_budget': {
      const { day, budget, spent } = event
      const ofDay = day === undefined ? {} : { day }
      return { type: 'launch.over_budget', data: { ...ofDay, budget, spent } }
    }
    case 'preempted':
      return { type: 'launch.preempted', data: { after_ms: event.after_ms } }
    case 'ended':
      return ended(event)
  }
}

function ended({
  ended: { outcome, failure, phases },
  endpoint,
  again,
  started_at,
  at,
}: Extract<LaunchEvent, { kind: 'ended' }>): Content {
  const took_ms = Math.max(0, Date.parse(at) - Date.parse(started_at))
  const after = again ? { after_active: true as const } : { took_ms }
  if (outcome === 'succeeded') {
    const where = endpoint === undefined ? {} : { endpoint }
    return { type: 'launch.active', data: { ...where, took_ms, phases } }
  }
  if (outcome === 'terminated') return { type: 'launch.terminated', data: after }
  if (!failure) return { type: 'launch.failed', data: after }
  const data = { failure: cut(failure), ...after }
  return { type: 'launch.failed', data, cause: failure.code }
}

const MOST_DETAILS = 1000

function cut({ details, ...failure }: Failure): Failure {
  return { ...failure, ...(details !== undefined && { details: shorten(details, MOST_DETAILS) }) }
}
