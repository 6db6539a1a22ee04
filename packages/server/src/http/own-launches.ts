import type { FastifyInstance } from 'fastify'
import { HttpError } from '../errors.js'
import type { NodeAbout } from '../nodes/node-pages.js'
import type { Registry } from '../nodes/registry.js'
import { isOwn, type LaunchLimits, type OwnedLaunch, type Principal } from '../rights/principal.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Throws 403 if a node's launch is none of those that a token is limited to. */
    refuseForeignLaunch(limits: LaunchLimits, nodeId: string): Promise<void>
    hasNode(nodeId: string): Promise<boolean>
  }
}

/** Keeps tokens that are limited to launches to these, which takes a look at the nodes' records. */
export function guardOwnLaunches(
  app: FastifyInstance,
  { registry }: { registry: Pick<Registry, 'get' | 'isKnown'> },
): void {
  app.decorate('refuseForeignLaunch', refuse)
  app.decorate('hasNode', registry.isKnown)
  app.addHook('preHandler', (request, _reply, done) => {
    const limits = request.principal?.nodes?.launches
    const { reach } = request.routeOptions.config.right ?? {}
    if (!limits || (reach !== 'path' && reach !== 'both')) return done()
    refuse(limits, String((request.params as { id?: string }).id)).then(() => done(), done)
  })

  async function refuse(limits: LaunchLimits, nodeId: string): Promise<void> {
    const record = await registry.get(nodeId)
    if (!record || !isOwn(limits, record)) throw foreignLaunch(limits)
  }
}

/** Which nodes a list has for somebody; undefined if it has all. */
export function shownTo(
  principal: Principal | undefined,
): ((node: NodeAbout) => boolean) | undefined {
  const nodes = principal?.nodes
  if (!nodes) return undefined
  const { launches } = nodes
  return (node) => nodes.has(node.nodeId) && (!launches || isOwn(launches, node))
}

/** What a launch is asked for with: `null` takes out what a launch before had. */
export interface AskedLaunch {
  owner?: string | null | undefined
  labels?: Record<string, string | null | undefined> | null | undefined
}

/** Gives a launch the owner and the labels that the token is limited to. Throws 403 for others. */
export function ownLaunch(limits: LaunchLimits, asked: AskedLaunch): void {
  const { owner = limits.owner, labels = {} } = asked
  const wanted: OwnedLaunch = {
    owner: owner ?? undefined,
    labels: { ...limits.labels, ...(labels as Record<string, string> | null) },
  }
  if (labels === null || !isOwn(limits, wanted)) throw foreignLaunch(limits)
  if (limits.owner !== undefined) asked.owner = limits.owner
  if (Object.keys(limits.labels).length > 0) asked.labels = { ...labels, ...limits.labels }
}

function foreignLaunch({ owner, labels }: LaunchLimits): HttpError {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const which = [
    ...(owner === undefined ? [] : [`of ${owner}`]),
    ...(pairs.length > 0 ? [`labelled ${pairs.join(', ')}`] : []),
  ]
  return new HttpError(
    403,
    `token may not use this: it is limited to launches ${which.join(' and ')}`,
  )
}
