import { ESCAPE_SEQUENCES, UNSEEN } from '@launchtail/client/protocol'

/**
 * Log text as it may be shown: what has no shape of its own, or changes how its neighbours are read
 * (control characters, bidirectional overrides, invisible joiners), is shown by its name.
 */
export function inert(text: string): string {
  return ANY_UNSEEN.test(text) ? text.replace(UNSEEN, nameOf) : text
}

const ANY_UNSEEN = new RegExp(UNSEEN.source, 'u')

function nameOf(character: string): string {
  const code = character.codePointAt(0) as number
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
}

/** A piece of a line that looks one way. */
export interface Piece {
  readonly text: string
  /** Class names: `ansi-1`, `ansi-31` … */
  readonly style: string
}

/**
 * A text's pieces by its terminal colours. Every other sequence is left out: a link that a terminal
 * would make is plain text here. It gives no markup, so that no text can become any.
 */
export function piecesOf(text: string): Piece[] {
  if (!text.includes('\x1b')) return [{ text: inert(text), style: '' }]
  const pieces: Piece[] = []
  let codes = new Set<number>()
  let from = 0
  for (const match of text.matchAll(ESCAPE_SEQUENCES)) {
    add(text.slice(from, match.index))
    from = match.index + match[0].length
    if (match[2] === 'm') codes = coloured(codes, (match[1] ?? '').split(/[;:]/).map(Number))
  }
  add(text.slice(from))
  return pieces

  function add(part: string): void {
    if (part === '') return
    const style = [...codes].map((code) => `ansi-${code}`).join(' ')
    pieces.push({ text: inert(part), style })
  }
}

/** A line's text without the sequences, as it is searched. */
export function plain(text: string): string {
  return inert(text.includes('\x1b') ? text.replace(ESCAPE_SEQUENCES, '') : text)
}

const BACKGROUND = (code: number) => (code >= 40 && code <= 47) || (code >= 100 && code <= 107)
const FOREGROUND = (code: number) => (code >= 30 && code <= 37) || (code >= 90 && code <= 97)

/** The codes in force after these. */
function coloured(before: ReadonlySet<number>, codes: readonly number[]): Set<number> {
  let now = new Set(before)
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] as number
    if (code === 0) now = new Set()
    else if (code === 22) now = without(now, (one) => one === 1 || one === 2)
    else if (code >= 23 && code <= 29) now = without(now, (one) => one === code - 20)
    else if (code === 39) now = without(now, FOREGROUND)
    else if (code === 49) now = without(now, BACKGROUND)
    else if (code === 38 || code === 48) {
      // 256 and true colours: the nearest of the sixteen, which are legible in light and dark.
      const { base, used } = nearest(codes.slice(i + 1))
      i += used
      if (base === undefined) continue
      const kind = code === 38 ? FOREGROUND : BACKGROUND
      now = without(now, kind).add(base + (code === 48 ? 10 : 0))
    } else if (FOREGROUND(code)) now = without(now, FOREGROUND).add(code)
    else if (BACKGROUND(code)) now = without(now, BACKGROUND).add(code)
    else if (code >= 1 && code <= 9) now.add(code)
  }
  return now
}

function without(codes: ReadonlySet<number>, out: (code: number) => boolean): Set<number> {
  return new Set([...codes].filter((code) => !out(code)))
}

function nearest([kind, a = 0, b = 0, c = 0]: readonly number[]) {
  if (kind === 2) return { base: ofRgb(a, b, c), used: 4 }
  if (kind !== 5) return { base: undefined, used: 0 }
  if (a < 8) return { base: 30 + a, used: 2 }
  if (a < 16) return { base: 90 + a - 8, used: 2 }
  if (a >= 232) return { base: a < 244 ? 90 : 37, used: 2 }
  const cube = a - 16
  const [red, green, blue] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6] as const
  return { base: ofRgb(red * 51, green * 51, blue * 51), used: 2 }
}

function ofRgb(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue)
  const bit = (value: number, worth: number) => (most > 0 && value > most / 2 ? worth : 0)
  return (most > 170 ? 90 : 30) + bit(red, 1) + bit(green, 2) + bit(blue, 4)
}
