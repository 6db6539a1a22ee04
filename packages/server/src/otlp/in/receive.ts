import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Draft, NODE_ID, type NodeRecord } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import type { Appender } from '../../logs/appender.js'
import type { Registry } from '../../nodes/registry.js'
import type { Redactor } from '../../output/redact/index.js'
import type { Attributes, ScopedRecord } from '../model.js'
import { createDrafting } from './drafts.js'
import { createNodeFinder, type MaybeLater, NAMING, namesIn } from './node-finder.js'
import { type ReadRecord, readRecord } from './record.js'
import { attributeOf } from './values.js'

/** Takes in the records of a request. */
export interface OtlpIntake {
  take(logs: Iterable<ScopedRecord>, how?: { node?: string | undefined }): Promise<Taken>
}

export interface Taken {
  readonly accepted: number
  readonly rejected: number
  /** Why records were rejected, for whoever runs the sender; empty where none was. */
  readonly message: string
}

export interface IntakeOptions {
  registry: Pick<Registry, 'isKnown' | 'meantBy' | 'create'>
  appender: Pick<Appender, 'append' | 'state'>
  /** A redactor for one output into this node's log. */
  redactorFor: (nodeId: string) => Redactor
  /** What is done with records of a node that is not known. */
  unknown: 'reject' | 'create'
  onTaken?: (taken: Taken) => void
}

/** An append has at most so many entries, as a request of entries has. */
const AT_ONCE = 10_000

export function createOtlpIntake(options: IntakeOptions): OtlpIntake {
  const { registry, appender, redactorFor, unknown, onTaken = () => {} } = options
  const finder = createNodeFinder(registry)
  return { take }

  async function take(
    logs: Iterable<ScopedRecord>,
    { node }: { node?: string | undefined } = {},
  ): Promise<Taken> {
    const given = node === undefined ? undefined : await finder.named(node)
    const { byNode, lost, rejected } = await grouped(logs, (resource, record) =>
      node === undefined ? nodeFor(resource, record) : given,
    )
    let accepted = 0
    for (const [nodeId, records] of byNode) {
      await append(nodeId, records)
      accepted += records.length
    }
    const message = rejected > 0 ? whyRejected(rejected, node, lost) : ''
    onTaken({ accepted, rejected, message })
    return { accepted, rejected, message }
  }

  async function append(nodeId: string, records: readonly ReadRecord[]): Promise<void> {
    const drafting = createDrafting({
      state: await appender.state(nodeId),
      redactor: redactorFor(nodeId),
    })
    let drafts: Draft[] = []
    await inTurns(records, (record) => {
      const draft = drafting.take(record)
      if (draft) drafts.push(draft)
      return drafts.length === AT_ONCE ? store() : undefined
    })
    const last = drafting.end()
    if (last) drafts.push(last)
    await store()

    async function store(): Promise<void> {
      if (drafts.length > 0) await appender.append(nodeId, drafts, { redacted: true })
      drafts = []
    }
  }

  function nodeFor(resource: Attributes, record: Attributes): MaybeLater<string | undefined> {
    const found = finder.of(resource, record)
    if (!(found instanceof Promise) || unknown === 'reject') return found
    return found.then((nodeId) => nodeId ?? createFrom(resource))
  }

  /** Makes a node as `POST /admin/nodes` does, by the first attribute that can be its id. */
  async function createFrom(resource: Attributes): Promise<string | undefined> {
    const ids = NAMING.map((name) => attributeOf(resource, name))
    const nodeId = ids.find((id) => id !== undefined && NODE_ID.test(id) && id !== 'stream')
    if (nodeId === undefined) return undefined
    const about: Partial<Pick<NodeRecord, 'provider' | 'region' | 'gpu'>> = {}
    for (const [key, name] of DESCRIBING) {
      const value = attributeOf(resource, name)
      if (value !== undefined) about[key] = value.slice(0, 256)
    }
    await registry.create({ nodeId, about }).catch((error) => {
      // Another request has just created it.
      if (!(error instanceof HttpError && error.status === 409)) throw error
    })
    finder.forget(nodeId)
    return nodeId
  }
}

const DESCRIBING = [
  ['provider', 'cloud.provider'],
  ['region', 'cloud.region'],
  ['gpu', 'host.type'],
] as const

/** The records of each node, and of those that no node is known for, the attributes that could name one. */
async function grouped(
  logs: Iterable<ScopedRecord>,
  nodeFor: (resource: Attributes, record: Attributes) => MaybeLater<string | undefined>,
) {
  const byNode = new Map<string, ReadRecord[]>()
  const lost = new Set<string>()
  let rejected = 0
  await inTurns(logs, (one) => {
    const nodeId = nodeFor(one.resource, one.record.attributes)
    return nodeId instanceof Promise ? nodeId.then((id) => add(one, id)) : add(one, nodeId)
  })
  return { byNode, lost, rejected }

  function add({ resource, scope, record }: ScopedRecord, nodeId: string | undefined): void {
    if (nodeId !== undefined) {
      const ofNode = byNode.get(nodeId)
      if (ofNode) ofNode.push(readRecord(record, scope))
      else byNode.set(nodeId, [readRecord(record, scope)])
      return
    }
    rejected += 1
    // The attributes of one resource are the same for all of its records.
    if (rejected === 1) for (const key of namesIn(resource).keys()) lost.add(key)
    for (const key of namesIn(record.attributes).keys()) lost.add(key)
  }
}

/** Milliseconds of work after which others get their turn: a request may have 100,000 records. */
const SLICE = 5

async function inTurns<T>(
  items: Iterable<T>,
  act: (item: T) => MaybeLater<void> | undefined,
): Promise<void> {
  let since = performance.now()
  for (const item of items) {
    const later = act(item)
    if (later) await later
    if (performance.now() - since < SLICE) continue
    await nextTurn()
    since = performance.now()
  }
}

function whyRejected(
  rejected: number,
  node: string | undefined,
  seen: ReadonlySet<string>,
): string {
  const records = `${rejected} record${rejected === 1 ? '' : 's'}`
  if (node !== undefined) return `${records}: X-Launchtail-Node names no node`
  if (seen.size > 0)
    return `${records}: no node has the id, the cluster's name or the name in ${[...seen].join(', ')}`
  return `${records}: none of the attributes ${NAMING.join(', ')} is there to name the node`
}
