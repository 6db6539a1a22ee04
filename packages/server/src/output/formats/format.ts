import type { Level } from '@launchtail/client/protocol'
import type { Place } from '../envelopes/index.js'

/** What a line of a known form says besides its words. */
export interface Record extends Place {
  /** The form's name. It may tell which tool speaks. */
  readonly format: string
  readonly message: string
  readonly level?: Level | undefined
  readonly logger?: string | undefined
  /** A time, as it was written. */
  readonly at?: string | undefined
  /** The fields of a structured line that nothing else here holds, as text. */
  readonly fields?: ReadonlyMap<string, string>
  /** The words were quoted or escaped, so a secret may show now that did not before. */
  readonly decoded?: boolean
}

/** How some tools write a line of their log. */
export interface Format {
  readonly name: string
  /** The characters it may begin with. It is not tried on other lines. */
  readonly first: string
  /** Undefined for a line of another form. In linear time: it runs on hostile text. */
  readonly parse: (line: string) => Omit<Record, 'format'> | undefined
  /** Lines of this form, and the message of each. */
  readonly examples: readonly (readonly [line: string, level: Level | undefined, message: string])[]
}

const BY_FIRST_LETTER: { readonly [letter: string]: Level } = {
  d: 'debug',
  t: 'debug',
  v: 'debug',
  i: 'info',
  n: 'info',
  w: 'warn',
  e: 'error',
  f: 'error',
  c: 'error',
  s: 'error',
  a: 'error',
  p: 'error',
}

/** A level by its name in any tool: `W`, `warning`, `WARN`, `VWARN`, `SEVERE` … */
export function levelOf(name: string | undefined): Level | undefined {
  if (!name) return undefined
  const lower = name.toLowerCase()
  if (lower === 'vwarn') return 'warn'
  if (lower === 'default' || lower === 'success') return 'info'
  return BY_FIRST_LETTER[lower[0] ?? '']
}

/** The names of levels in capitals, for an expression. */
export const LEVEL =
  'TRACE|DEBUG|INFO|NOTICE|SUCCESS|V?WARN(?:ING)?|ERR(?:OR)?|CRITICAL|FATAL|SEVERE|PANIC|ALERT|EMERG'
/** The same however it is written. */
export const ANY_LEVEL = `${LEVEL}|[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rr(?:or)?|[Cc]ritical|[Ff]atal|[Ss]evere|[Pp]anic`
/** A place in a source file. */
export const SOURCE = '[^\\s\\]]{1,200}:\\d{1,7}'
