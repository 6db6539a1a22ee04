import type { ExportFormat } from '@launchtail/client'

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

/** Hands a file to the browser: a link cannot carry the token. One that is cut throws. */
export async function save(answer: Promise<Response>, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await answer).blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // By then the browser has begun to save it.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
