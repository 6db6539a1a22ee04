import type { Format, Record } from './format.js'
import { glog } from './glog.js'
import { python } from './python.js'
import { servers } from './servers.js'
import { structured } from './structured.js'
import { timed } from './timed.js'

export type { Format, Record } from './format.js'

/** Where several fit, the first counts. */
export const FORMATS: readonly Format[] = [...python, ...glog, ...timed, ...servers, ...structured]

/** Reads a line of a known form; undefined for any other. */
export function parse(line: string): Record | undefined {
  const candidates = BY_FIRST[line.charCodeAt(0)]
  if (!candidates) return undefined
  for (const format of candidates) {
    const record = format.parse(line)
    if (record) return { ...record, format: format.name }
  }
  return undefined
}

const BY_FIRST: (readonly Format[] | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  const found = FORMATS.filter(({ first }) => first.includes(character))
  return found.length > 0 ? found : undefined
})
