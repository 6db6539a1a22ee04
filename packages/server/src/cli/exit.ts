import { ApiError, ConnectionError, StreamTimeoutError } from '@launchtail/client'

/** The exit codes. `launchtail --help` and the manual page explain them. */
export const EXIT = {
  active: 0,
  unexpected: 1,
  failed: 2,
  timedOut: 3,
  notFound: 4,
  notAllowed: 5,
  interrupted: 130,
} as const

export const EXIT_HELP = `
Exit codes:
  0  success; the node is active          4  no such node
  1  wrong usage, or unexpected error     5  not allowed
  2  the launch failed or was terminated  130  Ctrl-C
  3  no entry came for too long
`

/** An error with one sentence for the user, and the exit code. */
export class CliError extends Error {
  readonly code: number
  /** Lines that are shown below the sentence. */
  readonly below: readonly string[]

  constructor(
    message: string,
    code: number = EXIT.unexpected,
    { below = [], ...options }: ErrorOptions & { below?: readonly string[] } = {},
  ) {
    super(message, options)
    this.code = code
    this.below = below
  }
}

/** What a command says when it fails, and its exit code. */
export interface Outcome {
  readonly message: string
  readonly code: number
  readonly below?: readonly string[]
}

/** The message and the exit code for an error. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof CliError) return error
  if (error instanceof ApiError) return refusal(error)
  if (error instanceof StreamTimeoutError) return { message: error.message, code: EXIT.timedOut }
  if (error instanceof ConnectionError) {
    return { message: error.message + THERE, code: EXIT.unexpected }
  }
  return { message: (error as Error).message, code: EXIT.unexpected }
}

const THERE = '; is a Launchtail server running there?'

function refusal({ status, message }: ApiError): Outcome {
  if (status === 401) {
    const words = `${message}: run "launchtail login", or set LAUNCHTAIL_ADMIN_TOKEN`
    return { message: words, code: EXIT.notAllowed }
  }
  // Launchtail does not answer like this: something else is at that address.
  if (status < 400) return { message: message + THERE, code: EXIT.unexpected }
  if (status === 403) return { message, code: EXIT.notAllowed }
  if (status === 404) return { message, code: EXIT.notFound }
  return { message, code: EXIT.unexpected }
}
