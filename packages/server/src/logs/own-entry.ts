import { LEVELS, type Level, type LogEntry, PHASES, type Phase } from '@launchtail/client/protocol'

/**
 * An entry whose text is, to the byte, what this server writes. Nearly every entry is. Its fields are
 * cut out of the text, and the text is sent as it is: parsing it and writing it again costs ten times
 * as much. A copy of it is an entry like any other.
 */
export class OwnEntry implements LogEntry {
  readonly timestamp: string
  readonly level: Level
  readonly message: string
  readonly phase: Phase
  // Declared alone: an entry without them has no such fields.
  declare readonly progress?: number
  declare readonly details?: string
  readonly #text: string
  readonly #message: string

  constructor(text: string, [, time, level, message, phase, progress, details]: RegExpExecArray) {
    this.timestamp = time as string
    this.level = LEVEL.get(level as string) as Level
    this.message = unescaped(message as string)
    this.phase = PHASE.get(phase as string) as Phase
    if (progress !== undefined) this.progress = Number(progress)
    if (details !== undefined) this.details = unescaped(details)
    this.#text = text
    this.#message = message as string
  }

  /** The text it was read from. */
  text(): string {
    return this.#text
  }

  /** Its message as a JSON string. */
  quotedMessage(): string {
    return `"${this.#message}"`
  }
}

/** The entry of a text that this server has written; undefined for any other text. */
export function readOwn(text: string): OwnEntry | undefined {
  const match = FORM.exec(text)
  return match ? new OwnEntry(text, match) : undefined
}

/** As they are in memory already, instead of a part of each text. */
const LEVEL = new Map<string, Level>(LEVELS.map((level) => [level, level]))
const PHASE = new Map<string, Phase>(PHASES.map((phase) => [phase, phase]))

function unescaped(text: string): string {
  return text.includes('\\') ? JSON.parse(`"${text}"`) : text
}

/** RFC 3339 in UTC, from 1970 to 9999. A 29th of February is left to the parser. */
const DATE =
  '(?:19[7-9]\\d|[2-9]\\d{3})-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)'
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?Z'
/** What stands for itself in a JSON string. Line ends are written as escapes: see `oneLine`. */
const PLAIN = '[^"\\\\\\0-\\x1f\\x85\\u2028\\u2029\\ud800-\\udfff]*'
/** A character that needs two units, and the one way in which each of the others is written. */
const OTHER =
  '[\\ud800-\\udbff][\\udc00-\\udfff]|\\\\(?:["\\\\bfnrt]|u00(?:0[0-7bef]|1[\\da-f]|85)|u202[89])'
const STRING = `${PLAIN}(?:(?:${OTHER})${PLAIN})*`
const NUMBER = '100|(?:0|[1-9]\\d?)(?:\\.\\d{0,3}[1-9])?'

const FORM = new RegExp(
  `^\\{"timestamp":"(${DATE}T${TIME})","level":"(${LEVELS.join('|')})","message":"(${STRING})","phase":"(${PHASES.join('|')})"(?:,"progress":(${NUMBER}))?(?:,"details":"((?!")${STRING})")?\\}$`,
)
