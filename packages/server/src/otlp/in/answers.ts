import { written } from '../wire/writer.js'
import type { Taken } from './receive.js'

/** An answer in one of the two encodings. */
export interface Encoded {
  readonly type: OtlpType
  readonly body: Buffer | string
}

export type OtlpType = 'application/x-protobuf' | 'application/json'

/** The `ExportLogsServiceResponse`. On full success it has no `partial_success` at all. */
export function successOf({ rejected, message }: Taken, type: OtlpType): Encoded {
  if (rejected === 0) return { type, body: type === 'application/json' ? '{}' : '' }
  if (type === 'application/json') {
    const partialSuccess = { rejectedLogRecords: String(rejected), errorMessage: message }
    return { type, body: JSON.stringify({ partialSuccess }) }
  }
  const body = written((response) =>
    response.message(1, (partial) => {
      partial.varint(1, rejected)
      partial.text(2, message)
    }),
  )
  return { type, body }
}

/** The `google.rpc.Status` of a refusal. */
export function statusOf(status: number, message: string, type: OtlpType): Encoded {
  const code = CODES[status] ?? (status >= 500 ? 13 : 3)
  if (type === 'application/json') return { type, body: JSON.stringify({ code, message }) }
  const body = written((to) => {
    to.varint(1, code)
    to.text(2, message)
  })
  return { type, body }
}

/** The codes of gRPC for statuses of HTTP. */
const CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  409: 10,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
  507: 8,
}
