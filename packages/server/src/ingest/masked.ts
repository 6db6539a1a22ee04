import type { Draft } from '@launchtail/client/protocol'
import type { Interpreted } from '../output/interpret/index.js'
import type { Redactor } from '../output/redact/index.js'

/** The draft of a line. What was escaped in the line is plain in it, and so would be a secret. */
export function masked(read: Interpreted | undefined, redactor: Redactor): Draft | undefined {
  if (!read?.decoded) return read?.draft
  const { message, details, ...rest } = read.draft
  return {
    ...rest,
    message: redactor.redact(message),
    ...(details !== undefined && { details: redactor.redact(details) }),
  }
}
