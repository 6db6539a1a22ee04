import type { Query } from '@launchtail/client/query'
import { HttpError } from '../../errors.js'
import type { Archive } from '../../find/archive/archive.js'
import type { Registry } from '../../nodes/registry.js'
import { LOGS } from '../wire/encode.js'
import { logsRequest, type SentEntry } from './logs.js'
import type { Positions } from './positions.js'
import { BATCH, type Send } from './send.js'

export interface SendLogsOptions {
  /** Only entries that it finds. */
  query: Query | undefined
  archive: Pick<Archive, 'search'>
  registry: Pick<Registry, 'records'>
  positions: Positions
  scope: { name: string; version: string }
}

const POSITION = 'otlp-logs'

/** Sends the entries that came since the last call, in the order of the archive. */
export function createSendLogs({ query, archive, registry, positions, scope }: SendLogsOptions) {
  return async (send: Send, signal: AbortSignal): Promise<void> => {
    let cursor = await beginning()
    for (let more = true; more && !signal.aborted; ) {
      const found = await search(cursor)
      if (found.entries.length > 0) {
        const nodes = await nodesOf(found.entries)
        await send(logsRequest(found.entries, nodes, scope), LOGS, found.entries.length)
      }
      if (found.cursor !== cursor) await positions.store(POSITION, found.cursor)
      cursor = found.cursor
      more = found.more
    }
  }

  /** What there was before somebody asked for it is not sent. */
  async function beginning(): Promise<string> {
    const known = await positions.of(POSITION)
    if (known !== undefined) return known
    const { end } = await archive.search({ ...question(), order: 'desc', limit: 1 })
    await positions.store(POSITION, end)
    return end
  }

  async function search(from: string) {
    const ask = (cursor: string | undefined) =>
      archive.search({ ...question(), order: 'asc', limit: BATCH, cursor }, query)
    const answer = await ask(from).catch((error) => {
      // The archive was removed and begun anew.
      if (!(error instanceof HttpError && error.status === 410)) throw error
      return ask(undefined)
    })
    const isRead = answer.isComplete && answer.cursor === undefined
    return {
      entries: answer.logs.map((text) => JSON.parse(text) as SentEntry),
      cursor: isRead ? answer.end : (answer.cursor ?? from),
      more: answer.cursor !== undefined,
    }
  }

  async function nodesOf(entries: readonly SentEntry[]) {
    const records = await registry.records([...new Set(entries.map(({ node_id }) => node_id))])
    return new Map(records.map((record) => [record.node_id, record]))
  }
}

/** Every entry. */
function question() {
  return {
    now: Date.now(),
    since: undefined,
    until: undefined,
    levels: undefined,
    phase: undefined,
    nodes: undefined,
    context: 0,
    cursor: undefined,
  }
}
