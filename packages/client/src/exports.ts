import { call } from './call.js'
import type { ExportAllOptions, ExportOptions } from './options.js'
import type { Connection } from './request.js'

/** A node's log as a file. */
export async function exportNodeLogs(
  connection: Connection,
  id: string,
  { signal, resume, ...query }: ExportOptions = {},
): Promise<Response> {
  const options = { id, query, headers: headersOf(resume), signal }
  return (await call(connection, 'exportNodeLogs', options)).response
}

/** The logs of all nodes as a file. */
export async function exportLogs(
  connection: Connection,
  { signal, resume, ...query }: ExportAllOptions = {},
): Promise<Response> {
  const options = { query, headers: headersOf(resume), signal }
  return (await call(connection, 'exportLogs', options)).response
}

function headersOf(resume: ExportOptions['resume']) {
  return { 'Log-Offset': resume && String(resume.offset), 'Log-Digest': resume?.digest }
}
