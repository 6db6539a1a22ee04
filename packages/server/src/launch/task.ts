import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  parseDocument,
  type Document as YamlDocument,
} from 'yaml'
import { HttpError } from '../errors.js'

/** A SkyPilot task. What is not named here is kept as it was written, and is SkyPilot's business. */
export interface Task {
  readonly name?: string
  readonly setup?: string
  readonly run: string
  /** Null: the task wants a value from whoever launches it. */
  readonly envs: Readonly<Record<string, string | null>>
  readonly secrets: Readonly<Record<string, string | null>>
  readonly numNodes: number
  readonly workdir?: unknown
  readonly fileMounts?: unknown
  readonly resources?: Readonly<Record<string, unknown>>
  /** Everything, by its name in the YAML. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** The most characters a task may have; the schema of a launch says the same. */
const MAX_LENGTH = 256 * 1024
/** Enough for anchors used well, too few for a document that unfolds without end. */
const MAX_ALIASES = 100

/**
 * Reads a task's YAML as SkyPilot would (YAML 1.1). Throws an HttpError that names all that is
 * wrong with it at once.
 */
export function parseTask(text: string): Task {
  if (text.length > MAX_LENGTH) throw refusal([`it has more than ${MAX_LENGTH} characters`])
  const document = read(text)
  const fields = unfold(document)
  if (!isRecord(fields)) throw refusal(['it must be a map'])

  const faults: string[] = []
  const task = {
    ...optional('name', textOf(fields, 'name', faults)),
    ...optional('setup', textOf(fields, 'setup', faults)),
    run: textOf(fields, 'run', faults) ?? '',
    envs: variables(document, fields, 'envs', faults),
    secrets: variables(document, fields, 'secrets', faults),
    numNodes: nodes(fields.num_nodes ?? 1, faults),
    ...optional('workdir', fields.workdir ?? undefined),
    ...optional('fileMounts', fields.file_mounts ?? undefined),
    ...optional('resources', resources(fields.resources, faults)),
    fields,
  }
  if (isNothing(fields.run) || /^\s*$/.test(String(fields.run))) faults.push('"run" is missing')
  if (faults.length > 0) throw refusal(faults)
  return task
}

/** Where in a task's text a value stands. */
export interface Place {
  readonly where: 'envs' | 'secrets'
  readonly name: string
  readonly from: number
  readonly to: number
}

/**
 * Where a task that can be read has the values of its variables, an alias's being its anchor's; and
 * where the name of `secrets` ends.
 */
export function placesIn(text: string): { values: Place[]; secrets: number } {
  const document = read(text)
  const values = (['envs', 'secrets'] as const).flatMap((where) =>
    scalars(document, where).flatMap(({ name, value: { range } }) =>
      range && range[0] < range[1] ? [{ where, name, from: range[0], to: range[1] }] : [],
    ),
  )
  const items = isMap(document.contents) ? document.contents.items : []
  const key = items.map(({ key }) => key).find((key) => isScalar(key) && key.value === 'secrets')
  return { values, secrets: (isScalar(key) && key.range?.[1]) || 0 }
}

/** A refusal of the task, in one sentence. */
export function refusal(faults: readonly string[]): HttpError {
  return new HttpError(400, `the task cannot be launched: ${faults.join('; ')}`)
}

function read(text: string): YamlDocument.Parsed {
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, logLevel: 'error' })
  // A tag that is not known here may well mean something to whoever reads it next: code, say.
  const [error = document.warnings.find(({ code }) => code === 'TAG_RESOLVE_FAILED')] =
    document.errors
  if (!error) return document
  const line = text.slice(0, error.pos[0]).split('\n').length
  const several = error.code === 'MULTIPLE_DOCS'
  throw refusal([
    several ? 'it must be a single document' : `it is not YAML: ${error.message} (line ${line})`,
  ])
}

function unfold(document: YamlDocument.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (cause) {
    const { message } = cause as Error
    const why = /alias count/i.test(message) ? 'it unfolds too many aliases' : message
    throw new HttpError(400, `the task cannot be launched: ${why}`, { cause })
  }
}

function textOf(fields: Fields, name: string, faults: string[]): string | undefined {
  const value = fields[name]
  if (isNothing(value) || value === '') return undefined
  if (typeof value === 'string') {
    if (value.includes('\0')) faults.push(`"${name}" must not hold a NUL`)
    return value
  }
  faults.push(`"${name}" must be a text`)
  return ''
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

function variables(
  document: YamlDocument.Parsed,
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
  const written = sources(document, name)
  const values: Record<string, string | null> = {}
  for (const [key, value] of Object.entries(given)) {
    if (!VARIABLE.test(key)) {
      faults.push(
        `"${name}" holds ${JSON.stringify(key)}, which no environment variable can be named`,
      )
    } else if (isNothing(value)) {
      values[key] = null
    } else if (typeof value === 'object') {
      faults.push(`"${name}.${key}" must be a single value`)
    } else {
      const text = typeof value === 'string' ? value : (written.get(key) ?? String(value))
      if (text.includes('\0')) faults.push(`"${name}.${key}" must not hold a NUL`)
      values[key] = text
    }
  }
  return values
}

/** Values that are no texts as they stand in the YAML: `1.10` is to be no `1.1`. */
function sources(document: YamlDocument.Parsed, name: 'envs' | 'secrets'): Map<string, string> {
  return new Map(
    scalars(document, name).flatMap(({ name, value: { source } }) =>
      source === undefined ? [] : [[name, source] as const],
    ),
  )
}

function scalars(document: YamlDocument.Parsed, where: 'envs' | 'secrets') {
  const map = resolved(document, document.get(where, true))
  if (!isMap(map)) return []
  return map.items.flatMap((pair) => {
    if (!isPair(pair) || !isScalar(pair.key)) return []
    const value = resolved(document, pair.value)
    return isScalar(value) ? [{ name: String(pair.key.value), value }] : []
  })
}

/** What an alias stands for. */
function resolved(document: YamlDocument.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function nodes(value: unknown, faults: string[]): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  faults.push('"num_nodes" must be a whole number from 1')
  return 1
}

function resources(value: unknown, faults: string[]): Fields | undefined {
  if (isNothing(value)) return undefined
  if (isRecord(value)) return value
  faults.push('"resources" must be a map')
  return undefined
}

type Fields = Readonly<Record<string, unknown>>

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

function optional<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: V })
}
