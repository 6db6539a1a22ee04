/** Which of the processes that serve one port a process is. */
export interface Place {
  /** From 1 on. A worker that is started again has the number of the one before. */
  readonly number: number
  readonly count: number
  /** How often it was started again. */
  readonly restarts: number
}

const VARIABLE = 'LAUNCHTAIL_WORKER'

/** The place as a worker finds it in its environment. */
export function placeInEnv({ number, count, restarts }: Place): Record<string, string> {
  return { [VARIABLE]: `${number}/${count}/${restarts}` }
}

/** Takes the place out of the environment: what a worker starts is none. */
export function takePlace(env: NodeJS.ProcessEnv): Place {
  const [number = 1, count = 1, restarts = 0] = (env[VARIABLE] ?? '').split('/').map(Number)
  delete env[VARIABLE]
  return { number, count, restarts }
}
