import { LEVELS } from '../protocol/levels.js'
import { NODE_STATUSES } from '../protocol/node-statuses.js'
import { PHASES } from '../protocol/phases.js'

export type FieldKind = 'text' | 'level' | 'phase' | 'number' | 'time' | 'choice'

export interface Field {
  readonly name: string
  /** Fields of a launch are read from its record at the time when an entry is looked at. */
  readonly of: 'entry' | 'launch'
  readonly kind: FieldKind
  /** Its values, where they are few. */
  readonly values?: readonly string[]
}

/** Every field that a query may name. They are described in `reference.ts`. */
export const FIELDS = [
  { name: 'level', of: 'entry', kind: 'level', values: LEVELS },
  { name: 'phase', of: 'entry', kind: 'phase', values: PHASES },
  { name: 'message', of: 'entry', kind: 'text' },
  { name: 'details', of: 'entry', kind: 'text' },
  { name: 'progress', of: 'entry', kind: 'number' },
  { name: 'rank', of: 'entry', kind: 'text' },
  { name: 'timestamp', of: 'entry', kind: 'time', values: ['today', 'yesterday', 'now'] },
  { name: 'node', of: 'launch', kind: 'text' },
  { name: 'cluster', of: 'launch', kind: 'text' },
  { name: 'provider', of: 'launch', kind: 'text' },
  { name: 'region', of: 'launch', kind: 'text' },
  { name: 'gpu', of: 'launch', kind: 'text' },
  { name: 'model', of: 'launch', kind: 'text' },
  { name: 'spot', of: 'launch', kind: 'choice', values: ['true', 'false'] },
  { name: 'group', of: 'launch', kind: 'text' },
  { name: 'owner', of: 'launch', kind: 'text' },
  { name: 'label', of: 'launch', kind: 'text' },
  { name: 'status', of: 'launch', kind: 'choice', values: NODE_STATUSES },
  { name: 'cause', of: 'launch', kind: 'text' },
] as const satisfies readonly Field[]

type Fields = (typeof FIELDS)[number]
type NamesOf<Kind extends FieldKind> = Extract<Fields, { kind: Kind }>['name']

export type FieldName = Fields['name']
export type TextField = NamesOf<'text'>
export type EnumField = NamesOf<'choice'>
export type OrderedField = NamesOf<'level' | 'phase' | 'number' | 'time'>

const byName = new Map<string, Field>(FIELDS.map((field) => [field.name, field]))

export function fieldNamed(name: string): Field | undefined {
  return byName.get(name)
}

/** Names of these fields in other systems. */
export const ALIASES: Readonly<Record<string, FieldName>> = {
  severity: 'level',
  msg: 'message',
  percent: 'progress',
  time: 'timestamp',
  ts: 'timestamp',
  id: 'node',
  node_id: 'node',
  cluster_name: 'cluster',
  cloud: 'provider',
  zone: 'region',
  use_spot: 'spot',
  state: 'status',
  labels: 'label',
  reason: 'cause',
  failure: 'cause',
}
