import { createHash } from 'node:crypto'
import { type PastLaunch, parseInstant } from '@launchtail/client/protocol'
import { attributes, nanosOf, resourceOf } from './attributes.js'

/** A launch that has ended, and the name of its cluster. */
export interface SentLaunch extends PastLaunch {
  readonly cluster_name: string
}

const INTERNAL = 1
const OK = 1
const ERROR = 2

/**
 * The `ExportTraceServiceRequest` of launches in JSON: a trace for each, with a span for each phase below
 * that of the launch. The ids are made of the launch, so one that is sent again is the same trace.
 */
export function tracesRequest(
  launches: readonly SentLaunch[],
  scope: { name: string; version: string },
) {
  return {
    resourceSpans: launches.map((launch) => ({
      resource: resourceOf(launch),
      scopeSpans: [{ scope, spans: spansOf(launch) }],
    })),
  }
}

function spansOf(launch: SentLaunch) {
  const { node_id, started_at, ended_at, outcome, code, lost_at, phases } = launch
  const id = `${node_id} ${started_at}`
  const traceId = idOf(id, 16)
  const rootId = idOf(`${id} launch`, 8)
  const failed = outcome === 'failed' ? { code: ERROR, message: code ?? 'unknown' } : undefined
  const root = {
    traceId,
    spanId: rootId,
    name: 'launch',
    kind: INTERNAL,
    startTimeUnixNano: nanosAt(started_at),
    endTimeUnixNano: later(started_at, ended_at),
    attributes: attributes({
      'launchtail.outcome': outcome,
      'launchtail.cause': code,
      'launchtail.lost_at': lost_at,
    }),
    ...(outcome !== 'terminated' && { status: failed ?? { code: OK } }),
  }
  let at = BigInt(root.startTimeUnixNano)
  const spans = phases
    // A phase in which the launch has ended is no time of it.
    .filter(({ phase }) => phase !== 'active' && phase !== 'failed')
    .map(({ phase, duration_ms }, n, all) => {
      const start = at
      at += BigInt(duration_ms) * 1_000_000n
      const isLast = n === all.length - 1
      return {
        traceId,
        spanId: idOf(`${id} ${n} ${phase}`, 8),
        parentSpanId: rootId,
        name: phase,
        kind: INTERNAL,
        startTimeUnixNano: String(start),
        endTimeUnixNano: String(at),
        attributes: attributes({ 'launchtail.phase': phase }),
        ...(isLast && failed && { status: failed }),
      }
    })
  return [root, ...spans]
}

function nanosAt(time: string): string {
  return nanosOf(parseInstant(time) ?? { seconds: 0, nanos: 0 })
}

/** The end of a span is never before its beginning, whatever the sender's clock did. */
function later(start: string, end: string): string {
  const [from, to] = [nanosAt(start), nanosAt(end)]
  return BigInt(to) < BigInt(from) ? from : to
}

function idOf(text: string, bytes: number): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .slice(0, 2 * bytes)
}
