import { type Level, type LogEntry, parseInstant } from '@launchtail/client/protocol'
import { attributes, type Described, nanosOf, resourceOf } from './attributes.js'

/** An entry of some node's log. */
export interface SentEntry extends LogEntry {
  readonly node_id: string
}

const SEVERITY: Readonly<Record<Level, number>> = { debug: 5, info: 9, warn: 13, error: 17 }

/** The `ExportLogsServiceRequest` of these entries in JSON, a resource for each node. */
export function logsRequest(
  entries: readonly SentEntry[],
  nodes: ReadonlyMap<string, Described>,
  scope: { name: string; version: string },
) {
  const byNode = new Map<string, SentEntry[]>()
  for (const entry of entries) {
    const ofNode = byNode.get(entry.node_id)
    if (ofNode) ofNode.push(entry)
    else byNode.set(entry.node_id, [entry])
  }
  const sentAt = String(BigInt(Date.now()) * 1_000_000n)
  return {
    resourceLogs: [...byNode].map(([nodeId, ofNode]) => ({
      resource: resourceOf(nodes.get(nodeId) ?? { node_id: nodeId }),
      scopeLogs: [{ scope, logRecords: ofNode.map((entry) => recordOf(entry, sentAt)) }],
    })),
  }
}

function recordOf(
  { timestamp, level, message, phase, progress, details }: SentEntry,
  sentAt: string,
) {
  const time = parseInstant(timestamp)
  const nanos = time ? { timeUnixNano: nanosOf(time) } : {}
  return {
    ...nanos,
    observedTimeUnixNano: sentAt,
    severityNumber: SEVERITY[level],
    severityText: level.toUpperCase(),
    body: { stringValue: message },
    attributes: attributes({
      'launchtail.phase': phase,
      'launchtail.progress': progress,
      'launchtail.details': details,
    }),
  }
}
