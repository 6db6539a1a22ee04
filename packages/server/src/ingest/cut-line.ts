import type { Redactor } from '../output/redact/index.js'

/** The ends of bodies that stopped within a line. */
export interface CutLines {
  /** What the line had before the offset; undefined if this process did not read it. */
  before(source: string, offset: number): string | undefined
  remember(source: string, offset: number, text: string): void
}

/** Sources of which the end is remembered. */
const SOURCES = 1000
/** No secret is looked for farther back. */
const FAR = 1024

/** Remembers, since a secret that is cut in two is told by neither of its parts. */
export function createCutLines(): CutLines {
  const ends = new Map<string, { offset: number; text: string }>()
  return {
    before(source, offset) {
      const end = ends.get(source)
      return end?.offset === offset ? end.text : undefined
    },
    remember(source, offset, text) {
      ends.delete(source)
      ends.set(source, { offset, text: text.slice(-FAR) })
      if (ends.size > SOURCES) ends.delete(ends.keys().next().value as string)
    },
  }
}

export interface BodyRedactor extends Redactor {
  /** Called before the last line, which the next body of the source may continue. */
  lastLine(): void
  /** What was read of the line that the body ended in; empty if it ended with a line's end. */
  end(): string
}

/**
 * Redacts a body whose first line may go on from the body before, and whose last line may go on in
 * the next. `before` is what the first line had already, undefined if that is unknown.
 */
export function bodyRedactor(redactor: Redactor, before: string | undefined): BodyRedactor {
  let joined = before
  let isLast = false
  let rest = ''
  return { ...redactor, line, lastLine, end: () => rest }

  function lastLine(): void {
    isLast = true
  }

  function line(text: string): string {
    const start = joined
    joined = ''
    if (isLast) rest = `${start ?? ''}${text}`
    const masked = redactor.line(text)
    const whole = start === '' ? masked : withoutEnd(start, text, masked)
    return isLast ? redactor.cutOff(whole) : whole
  }

  /** Masks the end of a secret that began in the body before. */
  function withoutEnd(start: string | undefined, text: string, masked: string): string {
    // Nobody knows, so a first word is masked that could be the rest of a token.
    if (start === undefined) return masked.replace(REST_OF_TOKEN, '***')
    const whole = redactor.redact(start + text)
    if (whole.endsWith(text)) return masked
    let common = 0
    while (common < text.length && whole.at(-1 - common) === text.at(-1 - common)) common++
    return `***${text.slice(text.length - common)}`
  }
}

/** A word with letters of both cases and digits. */
const REST_OF_TOKEN =
  /^(?=[\w+/.-]{0,200}\d)(?=[\w+/.-]{0,200}[a-z])(?=[\w+/.-]{0,200}[A-Z])[\w+/.-]{12,}={0,2}/
