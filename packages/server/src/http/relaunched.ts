import { type LaunchChanges, type LaunchRequest, launchSchema } from '@launchtail/client/protocol'
import { HttpError } from '../errors.js'
import type { Known } from '../nodes/launches.js'
import { parseBody } from './parse.js'

/** The request of a launch with some changes, for another node unless they name one. */
export function relaunched(
  { request: { node_id: _, ...request }, secrets, masked }: Known,
  changes: LaunchChanges,
): LaunchRequest {
  const lost = secrets.filter((name) => !Object.hasOwn(changes.secrets ?? {}, name))
  if (lost.length > 0) {
    throw new HttpError(
      400,
      `no secret is kept once its launch is over; give ${lost.join(', ')} again, under 'secrets'`,
    )
  }
  const hidden = masked.filter((field) => !isChanged(changes, field))
  if (hidden.length > 0) {
    throw new HttpError(400, `*** stands for a secret in ${hidden.join(', ')}; give it again`)
  }
  return parseBody(launchSchema, patched(request, changes))
}

function isChanged(changes: LaunchChanges, field: string): boolean {
  const [name = '', inner] = field.split('.')
  const change = (changes as Record<string, unknown>)[name]
  if (inner === undefined || !isObject(change)) return change !== undefined
  return Object.hasOwn(change, inner)
}

/** JSON Merge Patch (RFC 7396). */
function patched(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const fields = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) fields.delete(name)
    else if (change !== undefined) fields.set(name, patched(fields.get(name), change))
  }
  return Object.fromEntries(fields)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
