import {
  type Fields,
  isNothing,
  isRecord,
  readCount,
  readMap,
  readText,
  readVariables,
} from './task-fields.js'
import { refusal } from './task-refusal.js'
import { readYaml, valuesOf } from './task-yaml.js'

/** A SkyPilot task. Fields that are not named here are kept as written, for SkyPilot to read. */
export interface Task {
  readonly name?: string
  readonly setup?: string
  readonly run: string
  /** A null value must be given by whoever launches the task. */
  readonly envs: Readonly<Record<string, string | null>>
  readonly secrets: Readonly<Record<string, string | null>>
  readonly numNodes: number
  readonly workdir?: unknown
  readonly fileMounts?: unknown
  readonly resources?: Fields
  /** Everything, by its name in the YAML. */
  readonly fields: Fields
}

/** The most characters a task may have. The schema of a launch says the same. */
const MAX_LENGTH = 256 * 1024

/**
 * Reads a task's YAML as SkyPilot would (YAML 1.1). Throws an HttpError that names everything that
 * is wrong with it at once.
 */
export function parseTask(text: string): Task {
  if (text.length > MAX_LENGTH) throw refusal([`it has more than ${MAX_LENGTH} characters`])
  const document = readYaml(text)
  const fields = valuesOf(document)
  if (!isRecord(fields)) throw refusal(['it must be a map'])

  const faults: string[] = []
  const task = {
    ...optional('name', readText(fields, 'name', faults)),
    ...optional('setup', readText(fields, 'setup', faults)),
    run: readText(fields, 'run', faults) ?? '',
    envs: readVariables(document, fields, 'envs', faults),
    secrets: readVariables(document, fields, 'secrets', faults),
    numNodes: readCount(fields.num_nodes ?? 1, faults),
    ...optional('workdir', fields.workdir ?? undefined),
    ...optional('fileMounts', fields.file_mounts ?? undefined),
    ...optional('resources', readMap(fields, 'resources', faults)),
    fields,
  }
  if (isNothing(fields.run) || /^\s*$/.test(String(fields.run))) faults.push('"run" is missing')
  if (faults.length > 0) throw refusal(faults)
  return task
}

function optional<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: V })
}
