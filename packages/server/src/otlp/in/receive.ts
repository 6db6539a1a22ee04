import { setImmediate as nextTurn } from 'node:timers/promises'
import { NODE_ID, type NodeRecord } from '@launchtail/client/protocol'
import { HttpError } from '../../errors.js'
import type { Appender } from '../../logs/appender.js'
import type { Registry } from '../../nodes/registry.js'
import type { Redactor } from '../../output/redact/index.js'
import type { Attributes, ScopedRecord } from '../model.js'
import { createLeftOut } from './left-out.js'
import { createNodeFinder, type MaybeLater, NAMING } from './node-finder.js'
import { createNodeRecords, type NodeRecords } from './node-records.js'
import { attributeOf } from './values.js'

/** Takes in the records of a request. */
export interface OtlpIntake {
  take(logs: Iterable<ScopedRecord>, how?: HowToTake): Promise<Taken>
}

export interface HowToTake {
  /** The node of all records. By default each names its own. */
  node?: string | undefined
  /** False for a node that the sender may not write to: its records are those of an unknown node. */
  isAllowed?: ((nodeId: string) => boolean) | undefined
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
  /** A redactor for one request's part of an output into this node's log. */
  redactorFor: (nodeId: string) => Redactor
  /** What is done with records of a node that is not known. */
  unknown: 'reject' | 'create'
  onTaken?: (taken: Taken) => void
}

/** Records of a request: many more than senders put into one, and 16 MiB could have ten times as many. */
const MOST_RECORDS = 250_000
/** An append has at most so many entries, as a request of entries has. */
const AT_ONCE = 10_000

export function createOtlpIntake(options: IntakeOptions): OtlpIntake {
  const { registry, appender, redactorFor, unknown, onTaken = () => {} } = options
  const finder = createNodeFinder(registry)
  return { take }

  /** All records are read before any is stored: a body may turn out to be malformed at its end. */
  async function take(
    logs: Iterable<ScopedRecord>,
    { node, isAllowed = () => true }: HowToTake = {},
  ): Promise<Taken> {
    const given = node === undefined ? undefined : await finder.named(node)
    const byNode = new Map<string, NodeRecords>()
    const left = createLeftOut(node)
    let count = 0
    await inTurns(logs, (one) => {
      count += 1
      if (count > MOST_RECORDS) {
        throw new HttpError(413, `request has more than ${MOST_RECORDS} records`)
      }
      const nodeId =
        node === undefined ? nodeFor(one.resource, one.record.attributes, isAllowed) : given
      return nodeId instanceof Promise ? nodeId.then((id) => add(one, id)) : add(one, nodeId)
    })
    let accepted = 0
    for (const [nodeId, records] of byNode) {
      if (await store(nodeId, records)) accepted += records.count()
      else left.deleted(records.count())
    }
    const taken = { accepted, rejected: left.count(), message: left.why() }
    onTaken(taken)
    return taken

    function add(one: ScopedRecord, nodeId: string | undefined): MaybeLater<void> {
      if (nodeId === undefined || !isAllowed(nodeId)) return left.add(one)
      const known = byNode.get(nodeId)
      if (known) return known.add(one)
      return begin(nodeId).then((records) => {
        byNode.set(nodeId, records)
        records.add(one)
      })
    }
  }

  async function begin(nodeId: string): Promise<NodeRecords> {
    return createNodeRecords({
      state: await appender.state(nodeId),
      redactor: redactorFor(nodeId),
    })
  }

  /** False if the node was deleted meanwhile. */
  async function store(nodeId: string, records: NodeRecords): Promise<boolean> {
    const drafts = records.drafts()
    try {
      for (let from = 0; from < drafts.length; from += AT_ONCE) {
        const some = drafts.slice(from, from + AT_ONCE)
        await appender.append(nodeId, some, { redacted: 'alone' })
      }
      return true
    } catch (error) {
      if (!(error instanceof HttpError && error.status === 404)) throw error
      finder.forget(nodeId)
      return false
    }
  }

  function nodeFor(
    resource: Attributes,
    record: Attributes,
    isAllowed: (nodeId: string) => boolean,
  ): MaybeLater<string | undefined> {
    const found = finder.of(resource, record)
    if (!(found instanceof Promise) || unknown === 'reject') return found
    return found.then((nodeId) => nodeId ?? createFrom(resource, isAllowed))
  }

  /** Makes a node as `POST /admin/nodes` does, by the first attribute that can be its id. */
  async function createFrom(
    resource: Attributes,
    isAllowed: (nodeId: string) => boolean,
  ): Promise<string | undefined> {
    const ids = NAMING.map((name) => attributeOf(resource, name))
    const nodeId = ids.find((id) => id !== undefined && NODE_ID.test(id) && id !== 'stream')
    if (nodeId === undefined || !isAllowed(nodeId)) return undefined
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
