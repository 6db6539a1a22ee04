import type { IncomingMessage } from 'node:http'
import { HttpError } from '../errors.js'

/**
 * A header that may be there once. Node joins two of them, or drops one, so what is behind a proxy
 * could read another one than the proxy did.
 */
export function singleHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()]
  if (value === undefined) return undefined
  if (countOf(request, name) > 1) throw new HttpError(400, `'${name}' is given more than once`)
  return String(value)
}

export function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  const wanted = name.toLowerCase()
  return rawHeaders.filter((one, i) => i % 2 === 0 && one.toLowerCase() === wanted).length
}
