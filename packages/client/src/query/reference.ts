/**
 * Descriptions of the fields and operators, for documentation and help. They are apart from the language
 * itself, which pages load.
 */
import { FIELDS, type Field, type FieldName } from './fields.js'

export interface DescribedField extends Field {
  readonly description: string
  readonly example: string
}

const DESCRIPTIONS: Readonly<Record<FieldName, Pick<DescribedField, 'description' | 'example'>>> = {
  level: {
    description: 'How serious the entry is.',
    example: 'level:>=warn',
  },
  phase: {
    description: 'The phase of the launch. `failed` has no place in their order.',
    example: 'phase:>=installing',
  },
  message: {
    description: 'The line itself.',
    example: 'message:"out of memory"',
  },
  details: {
    description:
      'What belongs to the line: the place, a traceback, the fields of a structured line.',
    example: 'details:logger',
  },
  progress: {
    description: 'Percent of the launch.',
    example: 'progress:50..80',
  },
  rank: {
    description:
      'Which of several machines wrote the line, from 0, where the log tells; or which process of one.',
    example: 'rank:1',
  },
  timestamp: {
    description:
      'RFC 3339, a day in UTC, `today`, `yesterday`, `now`, or a duration back from now such as `-2h`.',
    example: 'timestamp:>=-2h',
  },
  node: {
    description: 'The id of the node, or its name.',
    example: 'node:550e84*',
  },
  cluster: {
    description: 'The name of the cluster.',
    example: 'cluster:spot',
  },
  provider: {
    description: 'The cloud, or `local`.',
    example: 'provider:gcp',
  },
  region: {
    description: 'The region.',
    example: 'region:europe-*',
  },
  gpu: {
    description: 'The GPU.',
    example: 'gpu:A100',
  },
  model: {
    description: 'The model.',
    example: 'model:llama',
  },
  spot: {
    description: 'Whether the instance is a spot instance.',
    example: 'spot:true',
  },
  group: {
    description: 'The group that the node was launched with.',
    example: 'group:=trio',
  },
  owner: {
    description: 'Who the launch is for.',
    example: 'owner:alice',
  },
  label: {
    description: 'A label of the node, as `name=value`.',
    example: 'label:=team=inference',
  },
  status: {
    description: 'The status of the node.',
    example: 'status:failed',
  },
  cause: {
    description: 'The code of the failure; see the causes in phases.md.',
    example: 'cause:no_capacity',
  },
}

export const FIELD_REFERENCE: readonly DescribedField[] = FIELDS.map((field) => ({
  ...field,
  ...DESCRIPTIONS[field.name],
}))

/** A way to write something in a query. */
export interface Operator {
  readonly written: string
  readonly means: string
}

/** Every way to write something in a query. */
export const OPERATORS: readonly Operator[] = [
  {
    written: 'word',
    means:
      'The word stands in the message or the details: whole, in upper or lower case. The parts of `CamelCase`, `snake_case` and `dash-ed` names are words, too.',
  },
  {
    written: '"a phrase"',
    means:
      'These words stand next to each other; signs between them do not matter. In quotes, a backslash is needed only before `"` and `\\`.',
  },
  {
    written: 'wor*, w?rd',
    means: '`*` is any number of letters, `?` is one; both stay inside one word.',
  },
  {
    written: '/pattern/ims',
    means:
      'An RE2 pattern, found anywhere in the message or the details. Case matters unless `i` is set; with `m`, `^` and `$` match at each line; with `s`, `.` matches a line end.',
  },
  {
    written: 'field:word',
    means: 'The same, in that field. Phrases, wildcards and patterns can stand here, too.',
  },
  {
    written: 'field:=value',
    means: 'The field is exactly this, whatever the case.',
  },
  {
    written: 'field:>=value',
    means: 'A comparison, also with `>`, `<` and `<=`, of a field that has an order.',
  },
  {
    written: 'field:a..b',
    means: 'From a to b, both included. Either end may be left out.',
  },
  {
    written: 'field:(a OR b)',
    means: 'The field with each of the values, combined as terms are.',
  },
  {
    written: 'field:*',
    means: 'The field has a value. An empty value is none.',
  },
  {
    written: 'a b, a AND b',
    means: 'Both are found in the entry.',
  },
  {
    written: 'a OR b',
    means: 'At least one is found. AND binds tighter than OR.',
  },
  {
    written: '-a, NOT a',
    means:
      'It is not found. This binds tightest. A missing field fails every test, so its NOT holds.',
  },
  {
    written: '(a OR b)',
    means: 'What stands in brackets is one term.',
  },
  {
    written: '\\',
    means: 'The next character is itself.',
  },
]
