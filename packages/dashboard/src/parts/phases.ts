import type { NodeRecord, NodeStatus, Phase } from '@launchtail/client'
import type { SeenNode } from '../hub/messages.js'

/** The phases' names as they are read: `model loading`. The wire's own stand in titles. */
export function phaseName(phase: Phase | string): string {
  return phase.replaceAll('_', ' ')
}

/** Whether a node serves nothing and nothing is under way to make it. */
export function isEnded(status: NodeStatus | undefined): boolean {
  return status === 'failed' || status === 'terminated'
}

/** What became of a node in one word. */
export function conditionOf({ status, stalled, phase }: NodeRecord): string {
  if (status === 'terminated') return 'terminated'
  return stalled ? 'stalled' : phaseName(phase)
}

/** Where it all began, in ms since 1970. */
export function startOf({ phases, created_at }: NodeRecord): number {
  return Date.parse(phases[0]?.started_at ?? created_at)
}

/** How long the launch has taken so far, or took, in ms. */
export function elapsedOf(node: NodeRecord, now: number): number {
  const end = node.ended_at ? Date.parse(node.ended_at) : now
  return end - startOf(node)
}

/** How long it may still take, in ms; undefined where nothing is known. */
export function remainingOf({ due, status, stalled }: SeenNode, now: number): number | undefined {
  if (due === undefined || status !== 'launching' || stalled) return undefined
  return Math.max(0, due - now)
}
