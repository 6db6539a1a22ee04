import { isHarmless } from './harmless.js'
import { behindPrefix } from './prefix.js'
import { SECRET_WORD, saysSecret } from './secret-name.js'

/**
 * Masks the value of a secret's name that ends the line before: `"password":` and below it the
 * value, `password: |`, `<password>`, or `--password` with the line continued.
 */
export function followNames(): (masked: string) => string {
  let expects: Expected | undefined
  return (line) => {
    const expected = expects
    expects = nameAtEnd(line)
    return expected ? maskWord(line, expected) : line
  }
}

interface Expected {
  readonly name: string
  /** The name's line is one of a document: the value need not look like one. */
  readonly written: boolean
  /** The blanks before the name. */
  readonly indent: number
}

const NAMES = new RegExp(SECRET_WORD, 'i')
/** No name and what follows it is longer. */
const TAIL = 160
const NAME_AT_END =
  /(?:(\\{0,3}["'`])|(<)|(--))?([\w.-]{2,80})(?:\\{0,3}["'`])?[ \t]{0,4}(=>|:=|[:=>])?[ \t]{0,4}([|>][-+]?\d?)?(\\)?[ \t]{0,4}$/

function nameAtEnd(line: string): Expected | undefined {
  // Nearly every line ends otherwise.
  if (!ENDS.has(line.charCodeAt(line.length - 1))) return undefined
  const tail = line.slice(-TAIL)
  const match = NAMES.test(tail) && NAME_AT_END.exec(tail)
  if (!match) return undefined
  const [, quote, open, option, name = '', sign, block, continued] = match
  const follows = sign === undefined ? option !== undefined && continued !== undefined : true
  if (!follows || (sign === '>' && open === undefined) || !saysSecret(name)) return undefined
  const written = quote !== undefined || open !== undefined || block !== undefined || !!option
  return { name: name.toLowerCase(), written, indent: indentOf(line) }
}

const ENDS = new Set([...':=>|-+\\ \t'].map((character) => character.charCodeAt(0)))

function indentOf(line: string): number {
  return line.slice(behindPrefix(line)).search(/\S/)
}

function maskWord(line: string, { name, written, indent }: Expected): string {
  const from = behindPrefix(line)
  const match = WORD.exec(line.slice(from))
  if (!match) return line
  const [, before = '', value = ''] = match
  if (value.length < SHORTEST || isHarmless(value, name, '=')) return line
  // Behind a prompt, a word is an answer and no password.
  if (!written && indentOf(line) <= indent && PLAIN_WORD.test(value)) return line
  const start = from + before.length
  return `${line.slice(0, start)}***${line.slice(start + value.length)}`
}

/** The line's only word. One with `:` or `=` at its end, or in it, is another name. */
const WORD = /^(\s*\\{0,3}["'`]?)([^\s"'`:=<>]{1,4096}=*)(?:\\{0,3}["'`])?[,;]?\s*\\?$/
const SHORTEST = 4
const PLAIN_WORD = /^[^\d]*$/
