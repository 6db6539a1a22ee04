import type { Registry } from '../../nodes/registry.js'
import type { Attributes } from '../model.js'
import { textOf } from './values.js'

/** The attributes that may name a node, in this order. */
export const NAMING = [
  'launchtail.node_id',
  'service.instance.id',
  'host.id',
  'host.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'container.id',
  'skypilot.cluster_name',
]

/** Milliseconds for which an answer is kept: a sender names the same nodes again and again. */
const KEPT = 5000
const MOST = 10_000

/** Finds the node that a resource's attributes name, by its id or its cluster's name. */
export function createNodeFinder(
  registry: Pick<Registry, 'isKnown' | 'named'>,
  now = () => performance.now(),
) {
  /** A resource may have thousands of attributes, and as many records. */
  const resources = new WeakMap<Attributes, ReadonlyMap<string, string>>()
  const known = new Map<string, { nodeId: string | undefined; at: number }>()
  return { named, of, forget: (value: string) => known.delete(value) }

  /** The first of the attributes that names a node counts; undefined where none does. */
  async function of(resource: Attributes, record: Attributes): Promise<string | undefined> {
    const ofResource = resources.get(resource) ?? namesIn(resource)
    resources.set(resource, ofResource)
    const ofRecord = namesIn(record)
    for (const name of NAMING) {
      for (const value of [ofResource.get(name), ofRecord.get(name)]) {
        const nodeId = value && (await named(value))
        if (nodeId) return nodeId
      }
    }
    return undefined
  }

  async function named(value: string): Promise<string | undefined> {
    const before = known.get(value)
    if (before && now() - before.at < KEPT) return before.nodeId
    const nodeId = await look(value)
    if (known.size >= MOST) known.clear()
    known.set(value, { nodeId, at: now() })
    return nodeId
  }

  async function look(value: string): Promise<string | undefined> {
    if (await registry.isKnown(value)) return value
    const [only, ...others] = await registry.named(value)
    // A name of several nodes names none of them.
    return others.length === 0 ? only : undefined
  }
}

/** The values of those attributes that may name a node. */
export function namesIn(attributes: Attributes): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [key, value] of attributes) {
    if (NAMING.includes(key) && !names.has(key)) names.set(key, textOf(value))
  }
  return names
}
