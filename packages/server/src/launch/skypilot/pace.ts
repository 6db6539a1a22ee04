/** How often and how long, in milliseconds. */
export interface Pace {
  /** Between two looks at whether a request or a job is over. */
  readonly status: number
  /** Between two looks at whether the cluster still exists. */
  readonly cluster: number
  /** Between two questions where the server is reached. */
  readonly endpoint: number
  /** Between two probes of the server. */
  readonly probe: number
  /** Between two looks at SkyPilot's record of a launch's steps. */
  readonly steps: number
  /** How long a server may be ready on its node and not at its endpoint before the log says so. */
  readonly gap: number
  /** The first and the longest pause before a retry. */
  readonly first: number
  readonly longest: number
  /** How long the output may go on when what gives it is over. */
  readonly grace: number
  /** How long the output must be silent to count as complete; waited for up to `grace`. */
  readonly quiet: number
  /** How long SkyPilot may be out of reach before the log says so. */
  readonly patience: number
  /** How long a launch is asked for before that goes on in the background. */
  readonly start: number
  /** How long a launch that was accepted, and its id lost, may take to be listed. */
  readonly settle: number
  /** How long a cluster may be without a job when SkyPilot no longer knows the request for it. */
  readonly orphan: number
  /** How long taking down a failed launch's cluster may take before the failure is told. */
  readonly cleanup: number
  /** How long one attempt at cancelling a launch may take, which takes its cluster down. */
  readonly cancel: number
  /** How long a `sky` command that only asks something may take. */
  readonly command: number
}

export const PACE: Pace = {
  status: 5000,
  cluster: 30_000,
  endpoint: 15_000,
  probe: 2000,
  steps: 15_000,
  gap: 60_000,
  first: 500,
  longest: 10_000,
  grace: 5000,
  quiet: 500,
  patience: 5000,
  start: 5000,
  settle: 5000,
  orphan: 3 * 60_000,
  cleanup: 20_000,
  cancel: 15 * 60_000,
  command: 5 * 60_000,
}
