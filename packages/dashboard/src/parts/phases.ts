import type { NodeRecord, NodeStatus, Phase } from '@launchtail/client'
import type { FleetNode } from '../hub/messages.js'

/** A phase's name as it is read: `model loading`. */
export function phaseName(phase: string): string {
  return phase.replaceAll('_', ' ')
}

const DURING: Readonly<Record<Phase, string>> = {
  queued: 'while queued',
  provisioning: 'while provisioning',
  instance_ready: 'while preparing the instance',
  installing: 'while installing',
  model_loading: 'while loading the model',
  health_check: 'during the health check',
  active: 'while active',
  failed: 'after it had failed',
}

/** When something happened, for a sentence: `failed while loading the model`. */
export function during(phase: Phase): string {
  return DURING[phase]
}

/** True for a node that serves nothing and is not being launched. */
export function isEnded(status: NodeStatus | undefined): boolean {
  return status === 'failed' || status === 'terminated'
}

/** A node's state in a word or two. */
export function conditionOf({ status, stalled, phase, health, unattended }: NodeRecord): string {
  if (status === 'terminated') return 'terminated'
  if (health?.ok === false) return 'unhealthy'
  if (stalled) return 'stalled'
  return unattended ? 'unattended' : phaseName(phase)
}

/** True for a node that is neither ended nor as it should be. */
export function isTroubled({ stalled, health, unattended }: NodeRecord): true | undefined {
  return stalled || unattended || health?.ok === false || undefined
}

/** When the launch began, in ms since 1970. */
export function startOf({ phases, created_at }: NodeRecord): number {
  return Date.parse(phases[0]?.started_at ?? created_at)
}

/** How long the launch has taken so far, or took, in ms. */
export function elapsedOf(node: NodeRecord, now: number): number {
  const end = node.ended_at ? Date.parse(node.ended_at) : now
  return end - startOf(node)
}

/** How long the launch may still take, in ms; undefined where nothing is known. */
export function remainingOf({ due, status, stalled }: FleetNode, now: number): number | undefined {
  if (due === undefined || status !== 'launching' || stalled) return undefined
  return Math.max(0, due - now)
}
