import { endsInKey } from './key-block.js'
import { behindPrefix } from './prefix.js'

/** Follows the lines of one output through private keys. */
export interface KeyLines {
  /** The next line: as it was, and with what is masked already. */
  next(masked: string, original: string): string
  /** True between the first and the last line of a key. */
  isInside(): boolean
}

/**
 * Masks a block that comes line by line, each perhaps behind a `(task, pid=1) ` or a shell's `+ echo`,
 * within quotes or in a list, or among lines of other processes.
 */
export function followKeys(): KeyLines {
  /** How many more lines can be part of the block. */
  let left = 0
  return { next, isInside: () => left > 0 }

  function next(masked: string, original: string): string {
    if (original.includes('-----BEGIN')) {
      left = endsInKey(original) ? LONGEST : 0
      return masked
    }
    if (left === 0) return masked
    left--
    const end = masked.indexOf('-----END')
    if (end === -1) return maskRow(masked)
    left = 0
    return `${maskRow(masked.slice(0, end))}***`
  }
}

/** A key of 16384 bits has about 200 lines. */
const LONGEST = 400

/** Rows have 64 characters at least, except the last: a word of so many is one wherever it stands. */
const ROWS = /[A-Za-z0-9+/]{40,}={0,2}/g
/** A shorter word may be anybody's, unless it ends its line, or is all of it. */
const LONG = 16
const BASE64 = /[A-Za-z0-9+/=]/
/** What a quoted list, a shell or a program's text has behind a row. */
const MARK = /[\s"'`,;\\)\]}|]/
/** What they have before it, on a line that has only a row. */
const BEFORE = /^(?:\++ )?(?:echo |printf )?(?:-\w )?[\s"'`([{$]*$/

function maskRow(line: string): string {
  const from = behindPrefix(line)
  const rest = line.slice(from)
  const masked = rest.replace(ROWS, '***')
  return line.slice(0, from) + (masked === rest ? maskLastWord(rest) : masked)
}

function maskLastWord(text: string): string {
  let to = text.length
  while (to > 0 && isMark(text, to)) to--
  let from = to
  while (from > 0 && BASE64.test(text[from - 1] as string)) from--
  if (from === to) return text
  const isRow =
    to - from >= LONG || text[to - 1] === '=' || (from < LONG && BEFORE.test(text.slice(0, from)))
  return isRow ? `${text.slice(0, from)}***${text.slice(to)}` : text
}

/** True if what ends here is no part of a row. */
function isMark(text: string, to: number): boolean {
  const [before = ' ', last] = [text[to - 2], text[to - 1] as string]
  if (MARK.test(last)) return true
  // A sum of strings, or a line end that is written out.
  return (last === '+' && MARK.test(before)) || (/[nr]/.test(last) && before === '\\')
}

/**
 * Masks a text that is nothing but the short last row of a private key, where the entry before it was
 * masked as a whole: another server may have been sent the rest of the key.
 */
export function maskLastRow(text: string, before: () => string | undefined): string {
  if (!LAST_ROW.test(text) || WORD.test(text.trim())) return text
  return before() === '***' ? '***' : text
}

/** Base64 in groups of four, shorter than a whole row. */
const LAST_ROW = /^\s{0,8}(?:[A-Za-z0-9+/]{4}){0,17}[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]{2}\s{0,8}$/
/** What looks like a word or a number is one. */
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]+|\d+)$/
