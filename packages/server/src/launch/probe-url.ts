import type { AskOptions } from './readiness/ask-server.js'
import { HEALTH_PATHS, KNOWN_PATHS } from './readiness/known-paths.js'

type Asked = Pick<AskOptions, 'base' | 'readiness'>

/** How a server is asked at exactly this address whether it is ready. */
export function askedAt(readyUrl: string): Asked {
  const { protocol, host, pathname, search } = new URL(readyUrl)
  const readiness = { paths: [pathname + search], guessed: false }
  return { base: `${protocol}//${host}`, readiness }
}

/**
 * How a server is asked of which only the endpoint is known. One that was read from output may be no
 * model server at all: any web site answers at `/`.
 */
export function askedBelow(endpoint: string, { isSure }: { isSure: boolean }): Asked {
  const base = endpoint.replace(/[/?#]+$/, '')
  return { base, readiness: { paths: isSure ? KNOWN_PATHS : HEALTH_PATHS, guessed: true } }
}
