import type { LogEntry, NodeRecord } from '@launchtail/client'
import { CliError } from './exit.js'

/** An entry and its place in the node's list. */
export interface Indexed {
  readonly entry: LogEntry
  readonly index: number
}

/** What is said of a transcript in the index of a corpus of labelled logs: see scripts/reading/. */
export interface Row {
  readonly file: string
  readonly tool: string
  readonly source: string
  readonly whole: boolean
  readonly outcome: 'active' | 'failed' | 'stuck' | 'unknown'
  /** Nobody has said which lines are in which phase and at which level, so these are not judged. */
  readonly phases: null
  readonly levels: null
  /** Null where no line of the text tells it; missing where the launch has not failed. */
  readonly cause?: Cause | null
}

interface Cause {
  /** From 1. */
  readonly line: number
  readonly text: string
  readonly code: string
  readonly accepted_codes: readonly string[]
}

export interface RowOptions {
  node: NodeRecord
  entries: readonly Indexed[]
  /** The lines of each entry. */
  lines: readonly (readonly string[])[]
  file: string
  tool: string
  version: string
}

/** How much of a line is enough to know it by. */
const LONGEST_TEXT = 200

export function rowOf({ node, entries, lines, file, tool, version }: RowOptions): Row {
  const { status, stalled, failure } = node
  const who = failure?.corrected ? 'a person' : 'the server'
  return {
    file,
    tool,
    source: `Launchtail ${version}${failure ? `; ${who} named the cause` : ''}`,
    whole: true,
    outcome: status === 'active' || status === 'failed' ? status : stalled ? 'stuck' : 'unknown',
    phases: null,
    levels: null,
    ...(failure && { cause: causeOf(failure, entries, lines) }),
  }
}

function causeOf(
  { code, message, evidence }: NonNullable<NodeRecord['failure']>,
  entries: readonly Indexed[],
  lines: readonly (readonly string[])[],
): Cause | null {
  const at = entries.findIndex(({ index }) => index === evidence?.[0]?.index)
  if (at === -1) return null
  const [text = ''] = message.replace(/…$/, '').split('\n')
  return {
    line: lines.slice(0, at).flat().length + 1,
    text: text.slice(0, LONGEST_TEXT).toWellFormed(),
    code,
    accepted_codes: [code],
  }
}

/** The text of an index with this row, in place of an earlier one of the same file. */
export function withRow(index: string, row: Row, name: string): string {
  const rows = parsed(index)
  if (!rows) throw new CliError(`${name} is not an index of transcripts: it must be a JSON list`)
  const others = rows.filter((one) => (one as Partial<Row> | null)?.file !== row.file)
  return `${JSON.stringify([...others, row], null, 2)}\n`
}

function parsed(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    // The caller says what it should be.
    return undefined
  }
}
