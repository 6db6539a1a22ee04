import { type ExportQuery, type LogEntry, plain } from '@launchtail/client/protocol'
import { oneLine, writeEntry } from '../logs/entry-text.js'
import { readableEntry } from '../stream/readable.js'
import type { PagedText } from './answer-pages.js'

/** A form in which a log is written to a file. Each ends with a count, which shows that it is whole. */
export interface ExportFormat {
  readonly contentType: string
  readonly extension: string
  readonly head: (nodeId: string) => string
  /** One entry; `first` is true for the first of them. */
  readonly entry: (entry: LogEntry, options: EntryOptions) => string
  readonly tail: (count: number) => string
}

interface EntryOptions {
  readonly nodeId: string
  readonly first: boolean
  /** CSV: leave cells as they are that a spreadsheet would run. */
  readonly raw: boolean
}

/** The text of a file, a page of entries at a time. */
export function exportText(
  nodeId: string,
  { format, raw }: { format: ExportFormat; raw: boolean },
): PagedText<readonly LogEntry[]> {
  let count = 0
  return {
    head: format.head(nodeId),
    body(page) {
      let text = ''
      for (const entry of page) {
        text += format.entry(entry, { nodeId, raw, first: count === 0 })
        count += 1
      }
      return text
    },
    tail: () => format.tail(count),
  }
}

export const EXPORTS: Record<ExportQuery['format'], ExportFormat> = {
  json: {
    contentType: 'application/json; charset=utf-8',
    extension: 'json',
    head: (nodeId) => `{"node_id":${JSON.stringify(nodeId)},"logs":[`,
    entry: (entry, { first }) => `${first ? '' : ','}\n${writeEntry(entry)}`,
    tail: (count) => `\n],"count":${count}}\n`,
  },
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    head: () => '',
    entry: (entry, { nodeId }) => `${oneLine({ ...entry, node_id: nodeId })}\n`,
    tail: (count) => `{"count":${count}}\n`,
  },
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    head: () => 'timestamp,node_id,level,phase,progress,message,details\r\n',
    entry({ timestamp, level, phase, progress = '', message, details = '' }, { nodeId, raw }) {
      const cells = [timestamp, nodeId, level, phase, String(progress), message, details]
      const cell = raw ? quoted : (text: string) => quoted(neutral(plainLines(text)))
      return `${cells.map(cell).join(',')}\r\n`
    },
    tail: (count) => `count,${count},,,,,\r\n`,
  },
  text: {
    contentType: 'text/plain; charset=utf-8',
    extension: 'log',
    head: () => '',
    entry: (entry) => `${readableEntry(entry)}\n`,
    tail: (count) => `-- ${count} entries\n`,
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
