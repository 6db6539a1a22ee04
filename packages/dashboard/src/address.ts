import { signal } from '@preact/signals'
import { takeTokenFromAddress } from './session.js'

/**
 * What the address says is to be shown. It stands after the `#`, so that the page works under any
 * path behind a proxy, and so that the server never sees it.
 */
export interface Route {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export const route = signal<Route>(readRoute())

addEventListener('hashchange', () => {
  route.value = readRoute()
})

function readRoute(): Route {
  takeTokenFromAddress()
  return routeOf(location.hash)
}

function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  return {
    path: path.split('/').filter(Boolean).map(decoded),
    query: new URLSearchParams(query),
  }
}

/** The address of a route, for a link. Empty values are left out. */
export function hrefOf(path: readonly string[], query: Record<string, string> = {}): string {
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value))
  const text = parameters.toString()
  return `#/${path.map(encodeURIComponent).join('/')}${text && `?${text}`}`
}

export function go(path: readonly string[], query: Record<string, string> = {}): void {
  location.hash = hrefOf(path, query)
}

/** Changes the query without a step in the browser's history, so Back leads to the page before. */
export function setQuery(changes: Record<string, string>): void {
  const { path, query } = route.peek()
  const next = hrefOf(path, { ...Object.fromEntries(query), ...changes })
  history.replaceState(null, '', next)
  route.value = routeOf(next)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A hand-written address; it names nothing that exists.
    return part
  }
}
