import { type Reach, SCOPE_WORDS, type Scope } from '@launchtail/client/protocol'
import type { FastifyRequest } from 'fastify'
import { HttpError } from '../errors.js'
import { hasScope, type Principal } from '../rights/principal.js'
import { type AskedLaunch, ownLaunch } from './own-launches.js'

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
    const what = principal.nodes.byId ? 'nodes' : 'launches'
    throw new HttpError(403, `token may not use this: it is limited to some ${what}`)
  }
}

/** The words are the same for a node that does not exist. */
function authorizeNode({ nodes }: Pick<Principal, 'nodes'>, nodeId: string): void {
  if (!nodes || nodes.has(nodeId)) return
  throw new HttpError(403, 'token may not use this node: it is limited to other nodes')
}

/** Throws 403 for a token that is limited to launches, where nobody looks which ones they are. */
export function refuseByLaunches({ nodes }: Pick<Principal, 'nodes'>): void {
  if (!nodes?.launches) return
  throw new HttpError(403, 'token may not use this: it is limited to some launches')
}

/**
 * Throws 403 if the principal may not use the nodes that a request's parameters or body name. Gives a
 * launch the owner and labels that the token is limited to.
 */
export async function authorizeNamed(
  { principal, server }: Pick<FastifyRequest, 'principal' | 'server'>,
  { reach }: Pick<Right, 'reach'>,
  { query, body }: { query: unknown; body: unknown },
): Promise<void> {
  const nodes = principal?.nodes
  if (!nodes) return
  const named = namedIn(reach, { query, body })
  if (named.length === 0 && reach === 'query') {
    throw new HttpError(403, "token is limited to some nodes: name some of them with 'node'")
  }
  if (named.length === 0 && namesOne(reach) && nodes.byId) {
    throw new HttpError(403, "token is limited to some nodes: name one of them as 'node_id'")
  }
  for (const nodeId of named) authorizeNode(principal, nodeId)
  if (!nodes.launches) return
  // A node that is only registered has no owner.
  if (reach === 'body' && named.length === 0) refuseByLaunches(principal)
  const isNew = reach === 'launch' || reach === 'both'
  if (isNew) ownLaunch(nodes.launches, body as AskedLaunch)
  for (const nodeId of named) {
    if (!isNew || (await server.hasNode(nodeId))) {
      await server.refuseForeignLaunch(nodes.launches, nodeId)
    }
  }
}

function namesOne(reach: Reach | undefined): boolean {
  return reach === 'body' || reach === 'both' || reach === 'launch'
}

function namedIn(
  reach: Reach | undefined,
  { query, body }: { query: unknown; body: unknown },
): string[] {
  if (reach === 'query') return [...((query as { node?: Iterable<string> }).node ?? [])]
  if (!namesOne(reach)) return []
  const { node_id } = body as { node_id?: unknown }
  return typeof node_id === 'string' ? [node_id] : []
}
