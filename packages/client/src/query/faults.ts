import { QueryError } from './query-error.js'

/** Reports a fault between two offsets, with whatever the sentence about it mentions. */
export type Faulty = <Name extends keyof typeof FAULTS>(
  name: Name,
  at: number,
  end: number,
  about: Parameters<(typeof FAULTS)[Name]>[0],
) => never

/** The faults that the grammar notices, each in one sentence. */
const FAULTS = {
  depth: () => 'brackets and NOT are nested too deeply; at most 32 of them may be open at a time',
  alone({ operator, rest }: { operator: string; rest: string }) {
    const next = operatorAt(rest)
    return next
      ? `${operator} and ${next} cannot stand next to each other; remove one of them`
      : `${operator} needs something after it; ${quotedToSearch(operator)}`
  },
  missing: ({ name }: { name: string }) =>
    `'${name}:' has no value; write '${name}:*' for any value`,
  quote: () => 'this quote is never closed; add a " at the end, or write \\" for the character',
  escape: () => 'a backslash needs a character after it; write \\\\ for the character itself',
  open: () => 'this bracket is never closed; add a ) at the end, or put it in quotes',
  nothing({ rest }: { rest: string }) {
    const operator = operatorAt(rest)
    return operator
      ? `${operator} needs something before it; ${quotedToSearch(operator)}`
      : 'there is nothing in this bracket; remove it, or put it in quotes'
  },
  stray({ found, before }: { found: string; before: string }) {
    if (found === ')') return 'this bracket was never opened; remove it, or put it in quotes'
    if (/^\w/.test(found) && before.trim() === '') {
      return `${found} needs something before it; ${quotedToSearch(found)}`
    }
    return `a blank is missing before '${found}'`
  },
} satisfies Record<string, (about: never) => string>

function operatorAt(text: string): string | undefined {
  return /^(?:OR|AND)(?=[\s()"]|$)/.exec(text)?.[0]
}

function quotedToSearch(operator: string): string {
  return `to search for the word, write "${operator}" in quotes`
}

export const fault: Faulty = (name, at, end, about) => {
  const sentence = FAULTS[name] as (about: unknown) => string
  throw new QueryError(sentence(about), { at, end })
}
