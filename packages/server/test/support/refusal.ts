import { HttpError } from '../../src/errors.js'

/** Why something is refused with 400; empty if it is not. */
export function refusalOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof HttpError && error.status === 400) return error.message
    throw error
  }
  return ''
}
