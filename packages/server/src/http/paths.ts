import type { IncomingMessage } from 'node:http'
import { operations } from '@launchtail/client/protocol'
import type { FastifyInstance } from 'fastify'

export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? ''
}

/** True if a path may be requested without the token. None of these reveals anything of a node. */
export function isOpen(path: string): boolean {
  return !/^\/+admin(\/|$)/i.test(decoded(path))
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // No route has a path that cannot be decoded; what matters is whether it could pass for one.
    return path.replaceAll('%61', 'a')
  }
}

/** The methods of a path; none if there is nothing at it. */
export function methodsOf(app: FastifyInstance, path: string): string[] {
  const known = Object.values(operations)
    .filter((operation) => patternOf(operation.path).test(path))
    .map((operation): string => operation.method)
  const methods = new Set(known)
  // The framework reads the path as a pattern here, and throws where it is a malformed one.
  const pages = PLAIN.test(path) ? ['GET', 'HEAD', 'POST'] : []
  for (const method of pages) if (app.hasRoute({ method, url: path })) methods.add(method)
  if (/\/logs\/(stream|export)$/.test(path) && methods.has('GET')) methods.add('HEAD')
  return [...methods]
}

const PLAIN = /^[\w/.-]+$/

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace('{id}', '[^/]+')}$`)
}
