import type { ExportFormat } from '@launchtail/client'
import { client } from '../session.js'

interface Format {
  readonly name: ExportFormat
  readonly title: string
  readonly extension: string
}

export const FORMATS: readonly Format[] = [
  { name: 'text', title: 'as text', extension: 'log' },
  { name: 'ndjson', title: 'as NDJSON', extension: 'ndjson' },
  { name: 'json', title: 'as JSON', extension: 'json' },
  { name: 'csv', title: 'as CSV', extension: 'csv' },
]

/** Fetches the whole log and hands it to the browser as a file: a link cannot carry the token. */
export async function download(nodeId: string, { name, extension }: Format): Promise<void> {
  const response = await client.peek().exportNodeLogs(nodeId, { format: name })
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = `${nodeId}.${extension}`
  link.click()
  // By then the browser has begun to save it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
