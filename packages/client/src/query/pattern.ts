import { RE2JS } from 're2js'
import { LIMITS } from './limits.js'
import { QueryError } from './query-error.js'
import type { PatternSyntax } from './syntax.js'

/** Throws a QueryError for a pattern that RE2 cannot read, and names what RE2 does not have. */
export function checkPattern({ source, flags, at, end }: PatternSyntax): void {
  if (/[^ims]/.test(flags.text)) {
    throw new QueryError(
      `'${flags.text}' are not flags of a pattern, which are i, m and s; a path is written in quotes`,
      flags,
    )
  }
  if (source.length > LIMITS.patternCharacters) {
    throw new QueryError(`a pattern has at most ${LIMITS.patternCharacters} characters`, {
      at,
      end,
    })
  }
  refuseRepetition(source, at + 1)
  try {
    patternOf(source, flags.text)
  } catch (error) {
    throw new QueryError(...explained(error as Error, { source, at, end }))
  }
}

/** RE2: the time that a pattern takes grows with the text alone, whatever the pattern is. */
export function patternOf(source: string, flags: string): RE2JS {
  return RE2JS.compile(
    source,
    [...flags].reduce((sum, flag) => sum | (FLAGS[flag] ?? 0), 0),
  )
}

const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
}

/** Each repetition makes as many copies of what it repeats. */
function refuseRepetition(source: string, at: number): void {
  for (const { 0: found, 1: from, 2: to, index } of source.matchAll(REPETITION)) {
    if (from === undefined) continue
    if (Math.max(Number(from), Number(to ?? 0)) <= LIMITS.repetition) continue
    throw new QueryError(`'${found}' repeats too often; at most ${LIMITS.repetition} times`, {
      at: at + index,
      end: at + index + found.length,
    })
  }
}

/** Passes over escaped characters and classes. */
const REPETITION = /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}/g

/** Constructs of Perl and JavaScript that RE2 does not have. */
const MISSING: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'look-around'],
  [/\\[1-9]|\\k[<{']/, 'back references'],
  [/\(\?>/, 'atomic groups'],
  [/[*+?}]\+/, 'possessive repetition'],
]

function explained(
  error: Error,
  { source, at, end }: { source: string; at: number; end: number },
): [string, { at: number; end: number }] {
  for (const [construct, name] of MISSING) {
    const found = construct.exec(source)
    if (!found) continue
    const start = at + 1 + found.index
    return [
      `patterns are RE2, which has no ${name} ('${found[0]}'); write several words or patterns instead`,
      { at: start, end: start + found[0].length },
    ]
  }
  const reason = error.message.replace(/^error parsing regexp: /, '')
  return [`this pattern cannot be read: ${reason}`, { at, end }]
}

/** Where a pattern is found in a text. Slower than a test; for texts that are shown. */
export function findAll(source: string, flags: string, text: string): [number, number][] {
  const matcher = patternOf(source, flags).matcher(text)
  const found: [number, number][] = []
  while (found.length < MOST_FOUND && matcher.find()) found.push([matcher.start(), matcher.end()])
  return found
}

const MOST_FOUND = 1000
