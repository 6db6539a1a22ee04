import { type Draft, draftSchema } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import { readJsonParts, readNdjsonParts } from './json/parts.js'
import { checked, faultsOf } from './parse.js'

/** The entries of a body, each of them checked. Throws for the first one that is wrong. */
export async function draftsOf(
  bytes: Buffer,
  type: 'application/json' | 'application/x-ndjson',
): Promise<Draft[]> {
  const readParts = type === 'application/x-ndjson' ? readNdjsonParts : readJsonParts
  const drafts: Draft[] = []
  await readParts(bytes, (part) => void drafts.push(draftOf(part, drafts.length)))
  return drafts
}

function draftOf(value: unknown, index: number): Draft {
  const result = checked(draftSchema, value)
  if (result.success) return result.data
  throw new HttpError(400, `entry ${index}: ${faultsOf(result.error, 'the entry')}`)
}
