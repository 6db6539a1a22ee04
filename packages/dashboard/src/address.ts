import { signal } from '@preact/signals'
import { takeTokenFromAddress } from './session.js'

/**
 * Where in the page one is. It stands after the `#`, so that the page works under any path behind a
 * proxy, and so that the server never sees it.
 */
export interface Place {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export const place = signal<Place>(arrive())

addEventListener('hashchange', () => {
  place.value = arrive()
})

function arrive(): Place {
  takeTokenFromAddress()
  return placeOf(location.hash)
}

function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  return {
    path: path.split('/').filter(Boolean).map(decoded),
    query: new URLSearchParams(query),
  }
}

/** The address of a place, for a link. Empty values are left out. */
export function hrefOf(path: readonly string[], query: Record<string, string> = {}): string {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value))
  const text = parameters.toString()
  return `#/${path.map(encodeURIComponent).join('/')}${text && `?${text}`}`
}

export function go(path: readonly string[], query: Record<string, string> = {}): void {
  location.hash = hrefOf(path, query)
}

/** Changes the place's query without a step in the history: one goes back to the page before. */
export function setQuery(changes: Record<string, string>): void {
  const { path, query } = place.peek()
  const next = hrefOf(path, { ...Object.fromEntries(query), ...changes })
  history.replaceState(null, '', next)
  place.value = placeOf(next)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A hand-written address; it names nothing that is there.
    return part
  }
}
