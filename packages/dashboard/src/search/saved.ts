import { effect, signal } from '@preact/signals'
import { type Asked, askedIn } from './asked.js'

const KEY = 'launchtail.searches'
const MOST_RECENT = 8
const MOST_NAMED = 50

export interface Named {
  readonly name: string
  readonly asked: Asked
}

/** The latest searches, and those with a name; kept in this browser. */
export const recent = signal<readonly Asked[]>(stored().recent)
export const named = signal<readonly Named[]>(stored().named)

effect(() => {
  localStorage.setItem(KEY, JSON.stringify({ recent: recent.value, named: named.value }))
})

/** Adds a search to the recent ones. One without conditions is ignored. */
export function note(asked: Asked): void {
  if (Object.values(asked).every((value) => value === '')) return
  const text = JSON.stringify(asked)
  const others = recent.peek().filter((one) => JSON.stringify(one) !== text)
  recent.value = [asked, ...others].slice(0, MOST_RECENT)
}

/** Saves a search under a name, in place of an earlier one of that name. */
export function save(name: string, asked: Asked): void {
  const others = named.peek().filter((one) => one.name !== name)
  named.value = [{ name, asked }, ...others].slice(0, MOST_NAMED)
}

export function forget(name: string): void {
  named.value = named.peek().filter((one) => one.name !== name)
}

function stored(): { recent: Asked[]; named: Named[] } {
  try {
    const { recent, named } = JSON.parse(localStorage.getItem(KEY) ?? '{}')
    return {
      recent: listOf(recent).map(readAsked),
      named: listOf(named).map(({ name, asked }) => ({
        name: String(name),
        asked: readAsked(asked as object),
      })),
    }
  } catch {
    // This page did not write it.
    return { recent: [], named: [] }
  }
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value : []
}

function readAsked(value: object): Asked {
  return askedIn(
    new URLSearchParams(Object.entries(value).map(([name, text]) => [name, String(text)])),
  )
}
