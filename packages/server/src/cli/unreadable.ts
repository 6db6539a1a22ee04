import { getSystemErrorMap } from 'node:util'
import { CliError } from './exit.js'

/** The error for a file that cannot be read. It names the file once; Node's message does so again. */
export function unreadable(file: string, error: unknown): CliError {
  const { errno, message } = error as NodeJS.ErrnoException
  const reason = (errno !== undefined && getSystemErrorMap().get(errno)?.[1]) || message
  return new CliError(`${file} cannot be read: ${reason}`)
}
