/** How often and how long, in milliseconds. */
export interface Pace {
  /** Between two questions whether a request or a job is over. */
  readonly status: number
  /** Between two questions whether the cluster is still there. */
  readonly cluster: number
  /** Between two questions where the server is reached. */
  readonly endpoint: number
  /** Between two questions whether it is ready. */
  readonly probe: number
  /** The first pause before trying again; each is twice the one before, up to `longest`. */
  readonly first: number
  readonly longest: number
  /** How long the output may go on when what gives it is over. */
  readonly grace: number
  /** How long the output must be silent to be thought to be all there is; waited for up to `grace`. */
  readonly quiet: number
  /** How long SkyPilot may be out of reach before that is told. */
  readonly patience: number
  /** How long a launch is asked for before that is gone on with in the background. */
  readonly start: number
  /** How long a launch that was accepted, and its id lost, may take to be seen. */
  readonly settle: number
  /** How long a failed launch's cluster may take to be taken down before the failure is told. */
  readonly cleanup: number
}

export const PACE: Pace = {
  status: 5000,
  cluster: 30_000,
  endpoint: 15_000,
  probe: 2000,
  first: 500,
  longest: 10_000,
  grace: 5000,
  quiet: 500,
  patience: 5000,
  start: 5000,
  settle: 5000,
  cleanup: 20_000,
}
