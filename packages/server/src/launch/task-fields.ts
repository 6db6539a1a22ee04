import { scalarsIn, type TaskDocument } from './task-yaml.js'

export type Fields = Readonly<Record<string, unknown>>

/** The readers below add what is wrong with a field to the faults, and go on. */
export function readText(fields: Fields, name: string, faults: string[]): string | undefined {
  const value = fields[name]
  if (isNothing(value) || value === '') return undefined
  if (typeof value === 'string') {
    if (value.includes('\0')) faults.push(withNul(name))
    return value
  }
  faults.push(`"${name}" must be a string`)
  return ''
}

export function readVariables(
  document: TaskDocument,
  fields: Fields,
  name: 'envs' | 'secrets',
  faults: string[],
): Record<string, string | null> {
  const given = fields[name]
  if (isNothing(given)) return {}
  if (!isRecord(given)) {
    faults.push(`"${name}" must be a map of names to values`)
    return {}
  }
  const sources = sourcesOf(document, name)
  const values: Record<string, string | null> = {}
  for (const [key, value] of Object.entries(given)) {
    if (!VARIABLE.test(key)) {
      const quoted = JSON.stringify(key)
      faults.push(`"${name}" contains ${quoted}, which cannot be the name of a variable`)
    } else if (isNothing(value)) {
      values[key] = null
    } else if (typeof value === 'object') {
      faults.push(`"${name}.${key}" must be a single value`)
    } else {
      const text = typeof value === 'string' ? value : (sources.get(key) ?? String(value))
      if (text.includes('\0')) faults.push(withNul(`${name}.${key}`))
      values[key] = text
    }
  }
  return values
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Values that are not strings, as they are written in the YAML: `1.10` must not become `1.1`. */
function sourcesOf(document: TaskDocument, field: 'envs' | 'secrets'): Map<string, string> {
  return new Map(
    scalarsIn(document, field).flatMap(({ name, value: { source } }) =>
      source === undefined ? [] : [[name, source] as const],
    ),
  )
}

export function readCount(value: unknown, faults: string[]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  faults.push('"num_nodes" must be a whole number, at least 1')
  return 1
}

export function readMap(fields: Fields, name: string, faults: string[]): Fields | undefined {
  const value = fields[name]
  if (isNothing(value)) return undefined
  if (isRecord(value)) return value
  faults.push(`"${name}" must be a map`)
  return undefined
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function withNul(name: string): string {
  return `"${name}" must not contain a NUL character`
}
