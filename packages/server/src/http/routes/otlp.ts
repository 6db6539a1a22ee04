import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { MAX_BATCH_BYTES, operations } from '@launchtail/client/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { HttpError } from '../../errors.js'
import { type OtlpType, statusOf, successOf } from '../../otlp/in/answers.js'
import { readLogsJson, withExactTimes } from '../../otlp/in/read-json.js'
import { readLogsProtobuf } from '../../otlp/in/read-protobuf.js'
import type { OtlpIntake } from '../../otlp/in/receive.js'
import { MalformedOtlp, type ScopedRecord } from '../../otlp/model.js'
import type { Authenticate } from '../auth.js'
import { authorizeFor, type Right, refuseByLaunches } from '../authorize.js'
import { readBody } from '../body.js'
import { singleHeader } from '../headers.js'
import { parseJson } from '../json/parse.js'
import type { Limits } from '../limits/limits.js'
import { refusalOf } from '../refusals.js'

export interface OtlpOptions {
  otlp: OtlpIntake
  /** Takes the token as `Authorization: Bearer`, too. */
  authenticateBearer: Authenticate
  onRefusal: (status: number) => void
  limits: Pick<Limits, 'entries'>
}

/** Besides the one that is custom, one under `/admin`, for proxies that let only that through. */
const PATHS = ['/v1/logs', '/admin/otlp/v1/logs']
const RIGHT: Right = { scope: operations.appendNodeLogs.scope, reach: 'any' }
/** Some 10,000 records. Each value takes about 100 bytes in JSON, and a microsecond. */
const MAX_JSON_VALUES = 250_000

const unpack = promisify(gunzip)

/** `POST /v1/logs`: logs of OpenTelemetry senders. Refusals have the shape that these expect. */
export function mountOtlp(
  app: FastifyInstance,
  { otlp, authenticateBearer, onRefusal, limits }: OtlpOptions,
): void {
  for (const url of PATHS) app.post(url, { compress: false, config: { right: RIGHT } }, take)

  async function take(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { raw } = request
    const type = typeOf(raw) ?? 'application/json'
    try {
      const principal = authenticateBearer(raw)
      request.principal = principal
      authorizeFor(principal, RIGHT)
      refuseByLaunches(principal)
      limits.entries.check(principal)
      if (typeOf(raw) === undefined) {
        throw new HttpError(415, 'content type must be application/x-protobuf or application/json')
      }
      const body = await unpacked(raw)
      const node = singleHeader(raw, 'X-Launchtail-Node')
      const taken = await otlp
        .take(read(body, type), { node, isAllowed: principal.nodes?.has })
        .catch((error) => {
          throw error instanceof MalformedOtlp ? refusalFor(error, body) : error
        })
      limits.entries.spend(principal, taken.accepted)
      const answer = successOf(taken, type)
      return reply.type(answer.type).send(answer.body)
    } catch (error) {
      const { status, message, headers } = refusalOf(error)
      onRefusal(status)
      request.refusal = message
      if (status >= 500) request.log.error({ reqId: request.id, err: error }, 'failed')
      const { body } = statusOf(status, message, type)
      return reply.code(status).headers(headers).type(type).send(body)
    }
  }
}

function typeOf({ headers }: IncomingMessage): OtlpType | undefined {
  const [given = ''] = String(headers['content-type'] ?? '').split(';')
  const name = given.trim().toLowerCase()
  if (name === 'application/x-protobuf' || name === 'application/protobuf') {
    return 'application/x-protobuf'
  }
  return name === 'application/json' ? name : undefined
}

/** The body as it was before it was packed. The limit counts for both. */
async function unpacked(request: IncomingMessage): Promise<Buffer> {
  const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip') {
    const headers = { 'Accept-Encoding': 'gzip' }
    throw new HttpError(415, 'content encoding must be gzip or none', { headers })
  }
  const bytes = await readBody(request)
  if (encoding === 'identity' || bytes.length === 0) return bytes
  try {
    return await unpack(bytes, { maxOutputLength: MAX_BATCH_BYTES })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new HttpError(413, `request has more than ${MAX_BATCH_BYTES} bytes when unpacked`)
    }
    throw new HttpError(400, 'body is not valid gzip', { cause })
  }
}

function read(body: Buffer, type: OtlpType): Iterable<ScopedRecord> {
  if (type === 'application/json') {
    const json = Buffer.from(withExactTimes(body.toString('latin1')), 'latin1')
    return readLogsJson(parseJson(json, 'body', { maxValues: MAX_JSON_VALUES }))
  }
  // The length may be read as a field that is not known, and all of the message as its value.
  if (body[0] !== FIRST_BYTE && hasLengthPrefix(body)) {
    throw refusalFor(new MalformedOtlp(PREFIXED), body)
  }
  return readLogsProtobuf(body)
}

function refusalFor(error: MalformedOtlp, body: Buffer): HttpError {
  const reason = hasLengthPrefix(body) ? PREFIXED : error.message
  const words = `body is not an ExportLogsServiceRequest: ${reason}`
  return new HttpError(400, words, { cause: error })
}

/** The head of the one field of the message. */
const FIRST_BYTE = 0x0a
const PREFIXED = 'it has a length prefix, so set framing.method to "bytes" in Vector'

/** Vector's default framing puts the length before the message. */
function hasLengthPrefix(body: Buffer): boolean {
  let length = 0
  for (let i = 0; i < 4; i += 1) {
    const byte = body[i] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return length === body.length - i - 1
  }
  return false
}
