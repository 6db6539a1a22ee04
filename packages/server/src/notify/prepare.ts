import type { LogEntry, NodeLaunch } from '@launchtail/client/protocol'
import { checkOf } from '../logs/check.js'
import type { ReadText } from '../logs/entry-text.js'
import { createLookBack, readInContext, UNKNOWN_TIME } from '../logs/in-context.js'
import type { LogStore } from '../logs/store.js'
import type { EntryData, Links, MessageData, StoredMessage } from './message.js'
import { redactDeep } from './redact-deep.js'
import { shortEntry } from './short-entry.js'
import { terminatedBy } from './terminated-by.js'

export interface PrepareOptions {
  store: Pick<LogStore, 'read' | 'readBefore'>
  readText: ReadText
  /** Where people open the page; undefined if it is not known. */
  publicUrl: string | undefined
  /** Masks the secrets of a node's launches in a text. */
  redact: (nodeId: string, text: string) => string
  /** The request of the launch by this server that was under way at a time. */
  askedAt: (nodeId: string, time: string) => Promise<NodeLaunch | undefined>
}

/** The number of lines of level warn and above in a message about a failure. */
const LINES = 10
/** They are taken from this many entries before it. */
const LOOKED_AT = 500

/**
 * Adds log lines, links and a launch's request to a message. This happens once, before the first attempt, so that all attempts
 * send the same.
 */
export function createPrepare({ store, readText, publicUrl, redact, askedAt }: PrepareOptions) {
  return async (stored: StoredMessage): Promise<StoredMessage> => {
    const nodeId = stored.data.launch?.node_id ?? stored.data.node_id
    if (nodeId === undefined) return stored
    const { index } = stored
    const isFailure = stored.type === 'launch.failed' && index !== undefined
    const lines = isFailure ? await linesBefore(nodeId, index + 1) : []
    const data: MessageData = {
      ...stored.data,
      ...(stored.data.entry && (await shown(nodeId, stored.data.entry))),
      ...(stored.type === 'launch.started' && (await requestOf(nodeId, stored))),
      ...(stored.type === 'launch.terminated' && (await endOf(nodeId, stored))),
      ...(lines.length > 0 && { lines: lines.map((line) => linked(nodeId, line)) }),
      ...linksOf(nodeId, stored),
    }
    return { ...stored, data: redactDeep(data, (text) => redact(nodeId, text)) }
  }

  async function linesBefore(nodeId: string, end: number): Promise<EntryData[]> {
    const { entries, from } = await entriesBefore(nodeId, end)
    return entries
      .flatMap((entry, i) =>
        entry && isGrave(entry) ? [{ ...shortEntry(entry), index: from + i }] : [],
      )
      .slice(-LINES)
  }

  async function shown(
    nodeId: string,
    entry: EntryData,
  ): Promise<Pick<MessageData, 'entry' | 'cursor'>> {
    const { index } = entry
    const [text] = await store.read(nodeId, index, 1)
    const cursor = text === undefined ? {} : { cursor: `${index}:${checkOf(text)}:log` }
    return { entry: linked(nodeId, entry), ...cursor }
  }

  async function entriesBefore(nodeId: string, end: number) {
    const texts = await store.readBefore(nodeId, end, LOOKED_AT)
    const from = end - texts.length
    const createdAt = async () => UNKNOWN_TIME
    const lookBack = createLookBack({ store, readText, nodeId, createdAt })
    return { from, entries: await readInContext(texts, from, { readText, nodeId, lookBack }) }
  }

  async function endOf(
    nodeId: string,
    { index = 0 }: StoredMessage,
  ): Promise<Pick<MessageData, 'by'>> {
    const { entries } = await entriesBefore(nodeId, index)
    return { by: terminatedBy(entries.map((entry) => entry?.message ?? '')) }
  }

  async function requestOf(
    nodeId: string,
    { timestamp }: StoredMessage,
  ): Promise<Pick<MessageData, 'request'>> {
    const asked = await askedAt(nodeId, timestamp)
    return asked ? { request: asked.request } : {}
  }

  function linked(nodeId: string, line: EntryData): EntryData {
    const link = linkTo(nodeId, line.index)
    return link === undefined ? line : { ...line, link }
  }

  function linksOf(nodeId: string, { data, index }: StoredMessage): { links?: Links } {
    const node = linkTo(nodeId)
    if (node === undefined) return {}
    const line = linkTo(nodeId, data.failure?.evidence?.[0]?.index ?? data.entry?.index ?? index)
    return { links: { node, ...(line !== undefined && { line }) } }
  }

  function linkTo(nodeId: string, index?: number): string | undefined {
    if (publicUrl === undefined) return undefined
    const line = index === undefined ? '' : `?line=${index}`
    return `${publicUrl}/#/nodes/${encodeURIComponent(nodeId)}${line}`
  }
}

function isGrave({ level }: LogEntry): boolean {
  return level === 'warn' || level === 'error'
}
