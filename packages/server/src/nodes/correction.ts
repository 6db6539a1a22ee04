import type { Failure } from '@launchtail/client/protocol'
import { CAUSES, causeOf, UNKNOWN } from '../output/causes/index.js'
import type { NamedLine } from '../output/causes/named.js'

/** What a person may call a cause. */
export const CAUSE_CODES: readonly string[] = [...CAUSES.map(({ code }) => code), UNKNOWN.code]

/** The line that a person named as the cause of a launch's failure. It is stored as JSON. */
export interface Correction extends Pick<NamedLine, 'message'> {
  readonly index: number
  readonly code: string
  readonly advice?: string | undefined
}

/** The failure as a person sees it. What the launcher said of it stays in the details. */
export function corrected(failure: Failure, correction: Correction | undefined): Failure {
  if (!correction) return failure
  const { index, message, code, advice } = correction
  return {
    ...failure,
    code,
    message,
    advice: advice ?? causeOf(code).advice,
    evidence: [{ index, message }],
    corrected: true,
  }
}
