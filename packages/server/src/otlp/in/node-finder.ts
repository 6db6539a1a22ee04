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

const NAMES: ReadonlySet<string> = new Set(NAMING)

/** A value, or a promise of it where it has to be looked up. */
export type MaybeLater<T> = T | Promise<T>

/** Milliseconds for which an answer is kept: a sender names the same nodes again and again. */
const KEPT = 5000
const MOST = 10_000

/** Finds the node that a resource's attributes name, by its id, its cluster's name or its own. */
export function createNodeFinder(
  registry: Pick<Registry, 'isKnown' | 'meantBy'>,
  now = () => performance.now(),
) {
  /** A resource may have thousands of attributes, and as many records. */
  const resources = new WeakMap<Attributes, ReadonlyMap<string, string>>()
  const nodeOfResource = new WeakMap<Attributes, { nodeId: string; at: number }>()
  const known = new Map<string, { nodeId: string | undefined; at: number }>()
  return { named, of, forget }

  /**
   * The first of the attributes that names a node counts; undefined where none does. Most records name none
   * themselves, and then no promise is made for each.
   */
  function of(resource: Attributes, record: Attributes): MaybeLater<string | undefined> {
    if (record.some(([key]) => NAMES.has(key))) return look(resource, record)
    const before = nodeOfResource.get(resource)
    if (before && now() - before.at < KEPT) return before.nodeId
    return look(resource, record).then((nodeId) => {
      if (nodeId !== undefined) nodeOfResource.set(resource, { nodeId, at: now() })
      return nodeId
    })
  }

  async function look(resource: Attributes, record: Attributes): Promise<string | undefined> {
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
    const nodeId = (await registry.isKnown(value)) ? value : await registry.meantBy(value)
    if (known.size >= MOST) known.clear()
    known.set(value, { nodeId, at: now() })
    return nodeId
  }

  /** Forgets what stands for this node, or what of this name is known: it was created or deleted. */
  function forget(nodeId: string): void {
    known.delete(nodeId)
    for (const [value, found] of known) if (found.nodeId === nodeId) known.delete(value)
  }
}

/** The values of those attributes that may name a node. */
export function namesIn(attributes: Attributes): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const [key, value] of attributes) {
    if (NAMES.has(key) && !names.has(key)) names.set(key, textOf(value))
  }
  return names
}
