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

/**
 * Every escape matches one of these, so none is left behind. A string (OSC, DCS …) that nothing
 * ends loses its introduction only: the rest of the line is not the terminal's here.
 */
const ESCAPES =
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g
const SUSPECT = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Takes off escape sequences, control characters and overrides, and blanks at the end. */
export function withoutControls(text: string): string {
  if (!SUSPECT.test(text)) return text.trimEnd()
  return text.replace(ESCAPES, '').replace(CONTROLS, '').replace(LONE_SURROGATE, '\ufffd').trimEnd()
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
  const plain = said
    .replace(/\s/g, ' ')
    // Rich's markup; a bracket behind a backslash is a bracket.
    .replace(/\\(\[)|\[[a-z#/@][^[\]]*\]/g, '$1')
  return withoutControls(plain).trimStart()
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
