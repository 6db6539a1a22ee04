import { nearest } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import { CAUSE_CODES } from '../nodes/correction.js'

/** Throws 400 for what is no cause's code. */
export function refuseUnknownCode(code: string): void {
  if (CAUSE_CODES.includes(code)) return
  const meant = nearest(code, CAUSE_CODES)
  throw new HttpError(
    400,
    `'code' is none of the causes${meant ? `; did you mean '${meant}'?` : ''}`,
  )
}
