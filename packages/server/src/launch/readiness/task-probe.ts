import { validateHeaderName, validateHeaderValue } from 'node:http'
import { isNothing, isRecord } from '../task-fields.js'

/** What a task says in `service.readiness_probe`, as SkyServe reads it. */
export interface TaskProbe {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent by POST. */
  readonly body?: string
  /** Milliseconds that one answer may take. */
  readonly answer?: number
}

type Values = Readonly<Record<string, string | null>>

const FIELD = 'service.readiness_probe'

/**
 * Reads a path, or `{path, post_data, headers, timeout_seconds, initial_delay_seconds}`. The delay is of no
 * account here: a server that is not ready yet is asked again anyway. Adds what is wrong to the faults.
 */
export function taskProbe(service: unknown, values: Values, faults: string[]): TaskProbe {
  const given = isRecord(service) ? service.readiness_probe : undefined
  if (isNothing(given)) return {}
  if (typeof given !== 'string' && !isRecord(given)) {
    faults.push(`"${FIELD}" must be a path, or a map with a "path"`)
    return {}
  }
  const { path, post_data, headers, timeout_seconds } = isRecord(given) ? given : { path: given }
  const body = bodyOf(post_data, values, faults)
  const named = headersOf(headers, values, faults)
  const answer = answerOf(timeout_seconds, faults)
  return {
    path: pathOf(path, values, faults),
    ...(body !== undefined && { body }),
    ...(named && { headers: named }),
    ...(answer !== undefined && { answer }),
  }
}

function pathOf(given: unknown, values: Values, faults: string[]): string {
  const path = typeof given === 'string' ? filled(given, values) : ''
  if (/^\/[\x21-\x7e]{0,1023}$/.test(path)) return path
  const where =
    given === undefined ? `${FIELD}" needs a "path" that` : `${FIELD}" needs a path that`
  faults.push(`"${where} begins with "/" and contains no blank`)
  return '/'
}

function bodyOf(given: unknown, values: Values, faults: string[]): string | undefined {
  if (isNothing(given)) return undefined
  const text = filled(typeof given === 'string' ? given : JSON.stringify(given), values)
  if (isRecord(given) || isJson(text)) return text
  faults.push(`"${FIELD}.post_data" must be a map, or JSON`)
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function headersOf(
  given: unknown,
  values: Values,
  faults: string[],
): Record<string, string> | undefined {
  if (isNothing(given)) return undefined
  if (!isRecord(given)) {
    faults.push(`"${FIELD}.headers" must be a map`)
    return undefined
  }
  const headers = Object.entries(given).map(([name, value]) => [name, filled(`${value}`, values)])
  for (const [name = '', value = ''] of headers) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      faults.push(`"${FIELD}.headers" contains ${JSON.stringify(name)}, which cannot be sent`)
    }
  }
  return Object.fromEntries(headers)
}

function answerOf(given: unknown, faults: string[]): number | undefined {
  if (isNothing(given)) return undefined
  if (typeof given === 'number' && given > 0 && given <= 3600) return given * 1000
  faults.push(`"${FIELD}.timeout_seconds" must be a number above 0 and at most 3600`)
  return undefined
}

/** Puts the task's variables in, as SkyPilot does for `service`. */
function filled(text: string, values: Values): string {
  return text.replace(/\$(?:\{(\w{1,128})\}|(\w{1,128}))/g, (all, braced, bare) => {
    const name: string = braced ?? bare
    return (Object.hasOwn(values, name) ? values[name] : undefined) ?? all
  })
}
