import { plain } from '@launchtail/client/protocol'

/** A line as a person would see it. */
export interface CleanLine {
  readonly text: string
  /** What a spinner of SkyPilot's says, from a payload in the line. */
  readonly spinner?: string
  /** Payloads only and none of them says anything: a proof of life. */
  readonly heartbeat?: boolean
}

/**
 * Takes off what only steers a terminal: escape sequences, control characters, bidirectional
 * overrides, and SkyPilot's payloads, whose spinner's text is kept apart. Leading blanks stay.
 */
export function cleanLine(raw: string): CleanLine {
  if (!raw.includes(OPENING)) return { text: withoutControls(raw) }
  const { rest, spinner } = takePayloads(raw)
  const text = withoutControls(rest)
  if (spinner) return { text, spinner }
  return text === '' && rest !== raw ? { text, heartbeat: true } : { text }
}

/** Plain text without blanks at its end. */
export function withoutControls(text: string): string {
  return plain(text).toWellFormed().trimEnd()
}

const OPENING = '<sky-payload'
const CLOSING = '</sky-payload>'

function takePayloads(raw: string) {
  let rest = ''
  let spinner: string | undefined
  let at = 0
  for (;;) {
    const open = raw.indexOf(OPENING, at)
    const inside = raw.indexOf('>', open) + 1
    const close = open === -1 || inside === 0 ? -1 : raw.indexOf(CLOSING, inside)
    if (close === -1) return { rest: rest + raw.slice(at), spinner }
    rest += raw.slice(at, open)
    spinner = spinnerText(raw.slice(inside, close)) || spinner
    at = close + CLOSING.length
  }
}

/** The controls whose text is shown; `rich_stop`, `heartbeat` and the others say nothing. */
const SPEAKING = /^<(rich_init|rich_start|rich_update)>(.*)<\/\1>$/s

function spinnerText(payload: string): string {
  const said = SPEAKING.exec(decoded(payload))?.[2] ?? ''
  const words = said
    .replace(/\s/g, ' ')
    // Rich's markup; a bracket behind a backslash is a bracket.
    .replace(/\\(\[)|\[[a-z#/@][^[\]]*\]/g, '$1')
  return withoutControls(words).trimStart()
}

function decoded(payload: string): string {
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'string' ? value : payload
  } catch {
    // Not JSON: an older server sends the control as it is.
    return payload
  }
}
