import { call } from './call.js'
import { checkedExport } from './checked-export.js'
import { inTurn } from './export-turn.js'
import type { ExportAllOptions, ExportOptions } from './options.js'
import type { Connection } from './request.js'

/** A node's log as a file. */
export async function exportNodeLogs(
  connection: Connection,
  id: string,
  { signal, resume, ...query }: ExportOptions = {},
): Promise<Response> {
  const options = { id, query: { ...query, trailer: true }, headers: headersOf(resume), signal }
  const { response } = await call(connection, 'exportNodeLogs', options)
  return checkedExport(response, { format: 'json', ...query, isResumed: resume !== undefined })
}

/** The logs of all nodes as a file. Waits while the server makes as many of them as it may. */
export async function exportLogs(
  connection: Connection,
  { signal, resume, onWait, ...query }: ExportAllOptions = {},
): Promise<Response> {
  const options = { query: { ...query, trailer: true }, headers: headersOf(resume), signal }
  const ask = () => call(connection, 'exportLogs', options)
  const { response } = await inTurn(ask, { signal, onWait })
  return checkedExport(response, { format: 'ndjson', ...query, isResumed: resume !== undefined })
}

function headersOf(resume: ExportOptions['resume']) {
  return { 'Log-Offset': resume && String(resume.offset), 'Log-Digest': resume?.digest }
}
