import { hash } from 'node:crypto'

/** An entry's check: the first 8 hex digits of the SHA-256 of its text as stored. */
export function checkOf(text: string): string {
  return hash('sha256', text).slice(0, 8)
}

/** The check of the entry `last`, which others follow; `0` before the first entry. */
export function checkBefore(last: string | undefined): string {
  return last === undefined ? '0' : checkOf(last)
}
