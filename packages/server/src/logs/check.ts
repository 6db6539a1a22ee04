import { hash } from 'node:crypto'

/** An entry's check: the first 8 hex digits of the SHA-256 of its text as stored. */
export function checkOf(text: string): string {
  return hash('sha256', text).slice(0, 8)
}

/** The check of the entry before those that follow `last`; before the first entry it is `0`. */
export function checkBefore(last: string | undefined): string {
  return last === undefined ? '0' : checkOf(last)
}
