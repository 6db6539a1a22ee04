import type { AskOptions } from './readiness/ask-server.js'

type Asked = Pick<AskOptions, 'base' | 'readiness'>

/** How a server is asked at exactly this address whether it is ready. */
export function askedAt(readyUrl: string): Asked {
  const { protocol, host, pathname, search } = new URL(readyUrl)
  const readiness = { paths: [pathname + search], guessed: false }
  return { base: `${protocol}//${host}`, readiness }
}
