import { rankIn } from '../protocol/details.js'
import type { LogEntry } from '../protocol/entry.js'
import type { FieldName } from './fields.js'
import type { Hump } from './hump.js'
import type { LaunchFacts } from './launch-facts.js'
import { fold, humpsOf } from './words.js'

/** An entry that is looked at: its fields as texts, each cut into words and folded at most once. */
export interface Subject {
  readonly entry: LogEntry
  /** The texts of a field; none where it has no value. */
  textsOf(field: FieldName): readonly Text[]
}

/** A text, and what is made of it when it is first asked for. */
export interface Text {
  readonly whole: string
  folded(): string
  humps(): readonly Hump[]
}

/** A part of a predicate. A field without a value fails each test, so NOT of that test holds. */
export type Test = (subject: Subject) => boolean

export function createSubject(entry: LogEntry, launch: LaunchFacts | undefined): Subject {
  const known: { [Name in FieldName]?: readonly Text[] } = {}
  return {
    entry,
    textsOf(field) {
      const texts = known[field] ?? valuesOf(field, entry, launch).filter(hasValue).map(createText)
      known[field] = texts
      return texts
    },
  }
}

type Value = string | number | boolean | undefined

function valuesOf(field: FieldName, entry: LogEntry, launch: LaunchFacts | undefined): Value[] {
  const ofEntry = VALUES.entry[field as keyof typeof VALUES.entry]
  if (ofEntry) return [ofEntry(entry)]
  return launch ? VALUES.launch[field as keyof typeof VALUES.launch](launch) : []
}

const VALUES = {
  entry: {
    level: ({ level }) => level,
    phase: ({ phase }) => phase,
    message: ({ message }) => message,
    details: ({ details }) => details,
    progress: ({ progress }) => progress,
    rank: ({ details }) => rankIn(details),
    timestamp: ({ timestamp }) => timestamp,
  },
  launch: {
    node: ({ node_id, name }) => [node_id, name],
    cluster: ({ cluster_name }) => [cluster_name],
    provider: ({ provider }) => [provider],
    region: ({ region }) => [region],
    gpu: ({ gpu }) => [gpu],
    model: ({ model }) => [model],
    spot: ({ use_spot }) => [use_spot],
    group: ({ group }) => [group],
    owner: ({ owner }) => [owner],
    label: ({ labels = {} }) => Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    status: ({ status }) => [status],
    cause: ({ failure }) => [failure?.code],
  },
} as const satisfies {
  entry: Record<string, (entry: LogEntry) => Value>
  launch: Record<string, (launch: LaunchFacts) => Value[]>
}

function hasValue(value: Value): value is string | number | boolean {
  return value !== undefined && value !== ''
}

function createText(value: string | number | boolean): Text {
  const whole = String(value)
  let folded: string | undefined
  let humps: readonly Hump[] | undefined
  return {
    whole,
    folded() {
      folded ??= fold(whole.normalize('NFC'))
      return folded
    },
    humps() {
      humps ??= humpsOf(whole)
      return humps
    },
  }
}
