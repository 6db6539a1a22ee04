/** Who may have written a line. Only SkyPilot's own lines have no prefix, and much else has none. */
export type Writer = 'anybody' | 'setup' | 'task'

/** Where in a launch a line was written, as far as what stands before it says so. */
export interface Place {
  rank?: string | undefined
  node?: string | undefined
  replica?: string | undefined
  container?: string | undefined
  pid?: string | undefined
}

/** What an envelope says of the line in it. */
export interface Said extends Place {
  writer?: Writer
  /** The process, where several write to one output. */
  process?: string | undefined
  /** A time, as it was written. */
  at?: string | undefined
  /** A level that whoever passes the line on gives all its lines; the line's own words count more. */
  level?: string | undefined
}

/** What some tool puts before each line of a program's output. */
export interface Envelope {
  readonly name: string
  /** The characters it may begin with. It is not tried on other lines. */
  readonly first: string
  /** A character that every such line holds, which is looked for first. */
  readonly holds?: string
  /** Anchored at the beginning, and bounded: it runs on hostile text. */
  readonly when: RegExp
  readonly said: (groups: Record<string, string | undefined>, match: RegExpExecArray) => Said
  /** A line with it, and what stands in it. */
  readonly example: readonly [line: string, inside: string]
}

export const DIGITS = '0123456789'
export const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
export const CAPITALS = LETTERS.toUpperCase()

/** A calendar time in any of the usual ways: with `T` or a blank, a fraction, a zone. */
export const TIME =
  '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d{1,9})?(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?'
