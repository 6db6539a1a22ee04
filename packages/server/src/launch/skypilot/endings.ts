import type { Launch, Outcome } from '../launcher.js'

/** How launches through SkyPilot end, in the same words whichever way they were launched. */

/** The cluster went by itself. */
export function clusterLost({ clusterName, request }: Launch): string {
  const lost = `the cluster ${clusterName} is gone`
  return request.use_spot
    ? `the spot machine was preempted: ${lost}`
    : `${lost}: it was lost, or taken down by somebody`
}

export function jobEnded(status: string, active: boolean): string {
  return `the job ended with status: ${status}${active ? '' : ', before the server was ready'}`
}

/** Where the cluster could not be taken down: what costs money is told of. */
export function leftBehind(outcome: Outcome, cluster: string, why: string): Outcome {
  const left = `The cluster ${cluster} may still be there (${why}): see \`sky status\`, \`sky down ${cluster}\`.`
  return { ...outcome, details: [outcome.details, left].filter(Boolean).join('\n') }
}
