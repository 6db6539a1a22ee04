import type { Launch } from '../launcher.js'

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
