import type { Cause } from './cause.js'
import { cloud } from './cloud.js'
import { install } from './install.js'
import { model } from './model.js'
import { server } from './server.js'

export type { Cause } from './cause.js'

/** Where several fit a line, the first counts. */
export const CAUSES: readonly Cause[] = [...model, ...install, ...server, ...cloud]

/** For what no row fits. */
export const UNKNOWN: Cause = {
  code: 'unknown',
  means: 'What went wrong is not one of the known causes.',
  advice: 'Read the log before the failure.',
}

/** The row of a code. */
export function causeOf(code: string | undefined): Cause {
  return CAUSES.find((cause) => cause.code === code) ?? UNKNOWN
}
