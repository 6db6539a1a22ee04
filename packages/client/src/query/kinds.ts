import { LEVELS } from '../protocol/levels.js'
import { nearest } from '../protocol/nearest.js'
import { PHASES } from '../protocol/phases.js'
import type { Field, FieldKind } from './fields.js'
import { isInstant, isRelative, momentOf } from './moments.js'
import type { Comparison } from './syntax.js'

/** Reads the values of a kind of field, and says what is wrong with those that are invalid. */
interface Kind {
  /** Names a value, for a sentence. */
  takes(field: Field): string
  /** The value as it is printed; undefined if it is invalid. */
  read(text: string, field: Field): string | undefined
  unreadable(text: string, field: Field): string
  /** Says why a value cannot be compared in this way; undefined if it can. */
  refuse?(value: string, comparison: Comparison | null): string | undefined
}

const TIMES =
  '2026-01-15T10:30:00Z, a day such as 2026-01-15, today, yesterday, now, or -2h for two hours ago'

const named: Pick<Kind, 'takes' | 'read'> = {
  takes: ({ values = [] }) => `one of ${values.join(', ')}`,
  read: (text, { values = [] }) => values.find((value) => value === text.toLowerCase()),
}

export const KINDS: Readonly<Record<FieldKind, Kind>> = {
  text: {
    takes: () => 'words',
    read: (text) => text,
    unreadable: (text) => `'${text}' is no word`,
  },
  level: {
    ...named,
    unreadable: (text) => unknownValue('a level', text, LEVELS),
  },
  phase: {
    ...named,
    unreadable: (text) => unknownValue('a phase', text, PHASES),
    refuse: (value, comparison) =>
      value === 'failed' && comparison && comparison !== '='
        ? "'failed' has no place in the order of the phases; write phase:failed"
        : undefined,
  },
  choice: {
    ...named,
    unreadable: (text, { name, values = [] }) => unknownValue(`a value of '${name}'`, text, values),
  },
  number: {
    takes: () => 'a number',
    read: (text) => (/^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? text : undefined),
    unreadable: (text, { name }) =>
      `'${shortened(text)}' is not a number; write ${name}:>=50 or ${name}:50..80`,
  },
  time: {
    takes: () => 'a time',
    read: (text) => (momentOf(text, NOW) ? text : undefined),
    unreadable(text) {
      const meant = nearest(text, ['today', 'yesterday'])
      const instead = meant ? `; did you mean '${meant}'?` : `; it is ${TIMES}`
      return `'${shortened(text)}' is not a time${instead}`
    },
    refuse(value, comparison) {
      const moment = momentOf(value, NOW)
      if (comparison !== null || !isRelative(value) || !moment || !isInstant(moment))
        return undefined
      return `nothing happens exactly then; write timestamp:>=${value} for what came since`
    },
  },
}

/** A text is a time or not, whenever it is read. */
const NOW = Date.UTC(2026, 0, 1)

function unknownValue(what: string, text: string, values: readonly string[]): string {
  const near = SYNONYMS[text.toLowerCase()]
  const meant =
    values.find((value) => value === near) ??
    values.find((value) => text.length > 2 && value.split('_').includes(text.toLowerCase())) ??
    nearest(text, values)
  const instead = meant ? `; did you mean '${meant}'?` : `; it is one of ${values.join(', ')}`
  return `'${shortened(text)}' is not ${what}${instead}`
}

const SYNONYMS: Readonly<Record<string, string>> = {
  warning: 'warn',
  err: 'error',
  critical: 'error',
  fatal: 'error',
  yes: 'true',
  no: 'false',
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
