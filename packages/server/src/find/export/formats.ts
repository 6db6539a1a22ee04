import { type ExportQuery, type LogEntry, plain } from '@launchtail/client/protocol'
import { oneLine, writeEntry } from '../../logs/entry-text.js'
import { readableEntry } from '../../logs/readable-entry.js'

/** A form in which logs are written to a file. */
export interface ExportFormat {
  readonly contentType: string
  readonly extension: string
  readonly head: (layout: Layout) => string
  /** One entry; `first` is true for the first of them. */
  readonly entry: (entry: LogEntry, place: EntryPlace) => string
  /** The end: in JSON and text always a count, elsewhere only where the layout asks for it. */
  readonly tail: (end: ExportEnd, layout: Layout) => string
}

/** The parts of a file that its reader chooses. */
export interface Layout {
  /** The one node that the file is about; undefined where it is about many. */
  readonly nodeId: string | undefined
  /** CSV: leave cells as they are that a spreadsheet would run. */
  readonly raw: boolean
  /** CSV: begin with the mark by which Excel knows UTF-8. */
  readonly bom: boolean
  /** NDJSON and CSV: end with a line that has the count and the digest. */
  readonly trailer: boolean
}

export interface EntryPlace extends Pick<Layout, 'raw'> {
  readonly nodeId: string
  /** True if all entries of the file are of this node. */
  readonly isOnly: boolean
  readonly first: boolean
}

export interface ExportEnd {
  readonly count: number
  /** The SHA-256 of all that comes before the end. */
  readonly digest: string
  /** False if there may be more entries, because the disk is full and the archive takes no more. */
  readonly isComplete: boolean
}

export const EXPORTS: Record<ExportQuery['format'], ExportFormat> = {
  json: {
    contentType: 'application/json; charset=utf-8',
    extension: 'json',
    head: ({ nodeId }) =>
      nodeId === undefined ? '{"logs":[' : `{"node_id":${JSON.stringify(nodeId)},"logs":[`,
    entry: (entry, { nodeId, isOnly, first }) =>
      `${first ? '' : ','}\n${isOnly ? writeEntry(entry) : withNode(entry, nodeId)}`,
    tail: ({ count, isComplete }) => `\n],"count":${count},"complete":${isComplete}}\n`,
  },
  ndjson: {
    contentType: 'application/x-ndjson; charset=utf-8',
    extension: 'ndjson',
    head: () => '',
    entry: (entry, { nodeId }) => `${withNode(entry, nodeId)}\n`,
    tail: ({ count, digest, isComplete }, { trailer }) =>
      trailer ? `${oneLine({ count, complete: isComplete, digest })}\n` : '',
  },
  csv: {
    contentType: 'text/csv; charset=utf-8; header=present',
    extension: 'csv',
    head: ({ bom }) =>
      `${bom ? '\ufeff' : ''}timestamp,node_id,level,phase,progress,message,details\r\n`,
    entry({ timestamp, level, phase, progress = '', message, details = '' }, { nodeId, raw }) {
      const cells = [timestamp, nodeId, level, phase, String(progress), message, details]
      const cell = raw ? quoted : (text: string) => quoted(neutral(plainLines(text)))
      return `${cells.map(cell).join(',')}\r\n`
    },
    tail: ({ count, digest }, { trailer }) => (trailer ? `count,${count},,,,,${digest}\r\n` : ''),
  },
  text: {
    contentType: 'text/plain; charset=utf-8',
    extension: 'log',
    head: () => '',
    entry: (entry, { nodeId, isOnly }) => `${isOnly ? '' : `${nodeId} `}${readableEntry(entry)}\n`,
    tail: ({ count, isComplete }) =>
      `-- ${count} entries${isComplete ? '' : ', and there may be more'}\n`,
  },
}

/** The JSON of an entry, with its node before its own fields. No character of an id needs an escape. */
function withNode(entry: LogEntry, nodeId: string): string {
  return `{"node_id":"${nodeId}",${writeEntry(entry).slice(1)}`
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
