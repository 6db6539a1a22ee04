import type { Envelope, Said } from './envelope.js'

/** Processes by their name and number: SkyPilot's jobs, Ray's actors, vLLM's engine. */
export const processes: readonly Envelope[] = [
  {
    name: 'SkyPilot',
    first: '(',
    when: /^\((?:(?<name>[^\s(),]{1,128}), (?:rank=(?<rank>\d{1,6}), )?|(?<setup>setup) )pid=(?<pid>\d{1,10})(?:, ip=(?<ip>[^\s(),]{1,64}))?\) ?/,
    said: ({ name, setup, rank, pid, ip }) => ({
      writer: setup ? 'setup' : 'task',
      rank,
      node: rank === undefined ? ip : name,
      pid,
    }),
    example: ['(worker1, rank=1, pid=7, ip=10.0.0.2) Loading', 'Loading'],
  },
  {
    name: 'vLLM and Ray',
    first: '(',
    when: /^\((?<name>[^\s(),]{1,128})(?: rank=(?<rank>\d{1,6}))? pid=(?<pid>\d{1,10})(?:, ip=(?<ip>[^\s(),]{1,64}))?\) ?/,
    said: ({ name = '', rank, pid, ip }) => ({
      ...processOf(name),
      ...(rank !== undefined && { rank }),
      node: ip,
      pid,
    }),
    example: ['(EngineCore_DP0 pid=7) Loading', 'Loading'],
  },
  {
    name: 'Ray, where it does not know the process',
    first: '(',
    when: /^\((?:pid=(?<pid>\d{1,10})|(?<name>raylet|autoscaler|gcs_server)(?: \+\w{1,12})?)(?:, ip=(?<ip>[^\s(),]{1,64}))?\) ?/,
    said: ({ name, pid, ip }) => ({
      writer: 'task',
      ...(name !== undefined && { process: name }),
      node: ip,
      pid,
    }),
    example: ['(raylet, ip=10.0.0.2) Loading', 'Loading'],
  },
]

/** vLLM numbers its processes: data-parallel replicas (`DP`), ranks of tensor and pipeline. */
function processOf(name: string): Said {
  const replica = /_DP(\d{1,6})/.exec(name)?.[1] ?? /^ServeReplica:(.{1,100})$/.exec(name)?.[1]
  const stage = /_(PP\d{1,6})/.exec(name)?.[1]
  const tensor = /_TP(\d{1,6})/.exec(name)?.[1]
  const rank =
    stage === undefined ? tensor : `${stage}${tensor === undefined ? '' : `_TP${tensor}`}`
  return {
    writer: 'task',
    process: name,
    ...(rank !== undefined && { rank }),
    ...(replica !== undefined && { replica }),
  }
}
