import { type Reach, SCOPE_WORDS, type Scope } from '@launchtail/client/protocol'
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import { hasScope, type Principal } from '../rights/principal.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token needs for this route. Without it, only `admin` will do. */
    right?: Right
  }
}

/** What a token needs for an operation. */
export interface Right {
  readonly scope: Scope
  /** How a token that is limited to some nodes may use it; undefined if it may not. */
  readonly reach?: Reach | undefined
}

const ADMIN: Right = { scope: 'admin' }

/** Throws 403 if the principal may not make the request, as far as its path tells. */
export function authorize(principal: Principal, { routeOptions, params }: FastifyRequest): void {
  const right = routeOptions.config.right ?? ADMIN
  authorizeFor(principal, right)
  if (right.reach === 'path' || right.reach === 'both') {
    authorizeNode(principal, String((params as { id?: string }).id))
  }
}

/** Throws 403 if the principal may not use an operation with this right at all. */
export function authorizeFor(principal: Principal, { scope, reach }: Right): void {
  if (!hasScope(principal, scope)) {
    throw new HttpError(403, `token may not ${SCOPE_WORDS[scope]}: it needs the right '${scope}'`)
  }
  if (principal.nodes && reach === undefined) {
    throw new HttpError(403, 'token may not use this: it is limited to some nodes')
  }
}

/** The words are the same for a node that does not exist. */
function authorizeNode({ nodes }: Pick<Principal, 'nodes'>, nodeId: string): void {
  if (!nodes || nodes.has(nodeId)) return
  throw new HttpError(403, 'token may not use this node: it is limited to other nodes')
}

/** Throws 403 if the principal may not use the nodes that a request's parameters or body name. */
export function authorizeNamed(
  principal: Principal | undefined,
  { reach }: Pick<Right, 'reach'>,
  { query, body }: { query: unknown; body: unknown },
): void {
  if (!principal?.nodes) return
  if (reach === 'query') {
    const named = [...((query as { node?: Iterable<string> }).node ?? [])]
    if (named.length === 0) {
      throw new HttpError(403, "token is limited to some nodes: name some of them with 'node'")
    }
    for (const nodeId of named) authorizeNode(principal, nodeId)
  }
  if (reach === 'body' || reach === 'both') {
    const nodeId = (body as { node_id?: unknown }).node_id
    if (typeof nodeId !== 'string') {
      throw new HttpError(403, "token is limited to some nodes: name one of them as 'node_id'")
    }
    authorizeNode(principal, nodeId)
  }
}
