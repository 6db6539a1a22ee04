import { formatDuration } from '@launchtail/client/protocol'
import type { Launch, Outcome } from './launcher.js'

/** The outcome of a failed launch whose cluster stays up to be looked into. */
export function keptOutcome(
  outcome: Outcome,
  clusterName: Launch['clusterName'],
  keep: number,
): Outcome {
  const told = `The cluster ${clusterName} stays up for ${formatDuration(keep)}, to be looked into: \`ssh ${clusterName}\`.`
  return { ...outcome, details: [outcome.details, told].filter(Boolean).join('\n'), kept: true }
}
