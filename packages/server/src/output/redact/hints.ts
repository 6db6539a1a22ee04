import type { Rule } from './rule.js'

/**
 * Finds the rules that a text may have something for. Nearly every line has none, so this is what
 * redaction costs: one look into a table for each three characters, instead of one pass for each
 * rule.
 */
export function createHints(rules: readonly Rule[]): (text: string) => readonly Rule[] {
  const { table, groups } = group(rules)
  const isFound = new Uint8Array(groups.length)
  return (text) => {
    let found: number[] | undefined
    let slot = 0
    for (let at = 0; at < text.length; at++) {
      slot = next(slot, text.charCodeAt(at))
      const group = table[slot] as number
      if (group === 0 || isFound[group] === 1) continue
      isFound[group] = 1
      found ??= []
      found.push(group)
    }
    return found ? rulesOf(found) : NONE
  }

  function rulesOf(found: readonly number[]): readonly Rule[] {
    for (const group of found) isFound[group] = 0
    const [first = 0, ...others] = found
    if (others.length === 0) return groups[first] as readonly Rule[]
    const hinted = new Set(found.flatMap((group) => groups[group] as readonly Rule[]))
    return rules.filter((rule) => hinted.has(rule))
  }
}

const NONE: readonly Rule[] = []

/** For each three characters the number of a group of rules, 0 for none. */
function group(rules: readonly Rule[]) {
  const table = new Uint8Array(1 << (3 * BITS))
  const groups: Rule[][] = [[]]
  for (const rule of rules) {
    for (const hint of rule.hints) {
      const slot = [...hint].reduce((slot, character) => next(slot, character.charCodeAt(0)), 0)
      if (table[slot] === 0) table[slot] = groups.push([]) - 1
      const members = groups[table[slot] as number] as Rule[]
      if (!members.includes(rule)) members.push(rule)
    }
  }
  if (groups.length > 256) throw new Error('there are more hints than a byte can count')
  return { table, groups }
}

/** The low bits of a character are the same for both cases of a letter. */
const BITS = 5

/** The place in the table of the three characters that end with this one. */
function next(slot: number, code: number): number {
  return ((slot << BITS) | (code & ((1 << BITS) - 1))) & ((1 << (3 * BITS)) - 1)
}
