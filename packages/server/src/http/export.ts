import { Readable } from 'node:stream'
import { type ExportQuery, type LogEntry, plain } from '@launchtail/client/protocol'
import { oneLine, writeEntry } from '../logs/entry-text.js'
import { readableEntry } from '../stream/readable.js'

export interface Export {
  readonly contentType: string
  readonly extension: string
  readonly body: Readable
}

/** An entry and its place in the node's list. */
export interface Found {
  readonly index: number
  readonly entry: LogEntry
}

/** A log as a file. Each format ends with a count, which shows whether the file is complete. */
export function exportLog(
  nodeId: string,
  found: readonly Found[],
  { format, raw }: Pick<ExportQuery, 'format' | 'raw'>,
): Export {
  const { contentType, extension, write } = EXPORTS[format]
  return { contentType, extension, body: Readable.from(batches(write(nodeId, found, raw))) }
}

interface ExportKind {
  readonly contentType: string
  readonly extension: string
  readonly write: (nodeId: string, found: readonly Found[], raw: boolean) => Iterable<string>
}

const EXPORTS: Record<ExportQuery['format'], ExportKind> = {
  json: {
    contentType: 'application/json; charset=utf-8',
    extension: 'json',
    *write(nodeId, found) {
      yield `{"node_id":${JSON.stringify(nodeId)},"logs":[`
      for (const [i, { entry }] of found.entries())
        yield `${i > 0 ? ',' : ''}\n${writeEntry(entry)}`
      yield `\n],"count":${found.length}}\n`
    },
  },
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    *write(nodeId, found) {
      for (const { entry } of found) yield `${oneLine({ ...entry, node_id: nodeId })}\n`
      yield `{"count":${found.length}}\n`
    },
  },
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    *write(nodeId, found, raw) {
      yield 'timestamp,node_id,level,phase,progress,message,details\r\n'
      const cell = raw ? quoted : (text: string) => quoted(neutral(plainLines(text)))
      for (const { entry } of found) {
        const { timestamp, level, phase, progress = '', message, details = '' } = entry
        const cells = [timestamp, nodeId, level, phase, String(progress), message, details]
        yield `${cells.map(cell).join(',')}\r\n`
      }
      yield `count,${found.length},,,,,\r\n`
    },
  },
  text: {
    contentType: 'text/plain; charset=utf-8',
    extension: 'log',
    *write(_nodeId, found) {
      for (const { entry } of found) yield `${readableEntry(entry)}\n`
      yield `-- ${found.length} entries\n`
    },
  },
}

/** RFC 4180: quoted where it must be, quotes doubled. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Without what acts on a terminal, except line ends. */
function plainLines(text: string): string {
  return text
    .split(/(\r\n|[\r\n])/)
    .map((part, i) => (i % 2 === 0 ? plain(part) : part))
    .join('')
}

/**
 * An apostrophe turns into text what a spreadsheet would run as a formula, also after blanks and in
 * full-width form (OWASP, CSV injection). A plain number stays one.
 */
function neutral(text: string): string {
  if (!/^[\s\u3000]*[=+\-@＝＋－＠\t\r]/.test(text)) return text
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? text : `'${text}`
}

/** Small pieces are sent together. */
function* batches(pieces: Iterable<string>): Generator<string> {
  let batch = ''
  for (const piece of pieces) {
    batch += piece
    if (batch.length < 64 * 1024) continue
    yield batch
    batch = ''
  }
  if (batch !== '') yield batch
}
