import { mayBegin } from './may-begin.js'

/** Something that is known of lines that fit an expression, anchored and without flags. */
export interface Anchored {
  readonly when: RegExp
}

export interface Match<Rule extends Anchored> {
  readonly rule: Rule
  readonly match: RegExpMatchArray
}

/**
 * Makes one function of tables: the first rule that fits. Most lines fit none. One expression for
 * all rules that may begin with a line's first character finds that out in a single call; it is
 * made when the first such line comes.
 */
export function compile<Rule extends Anchored>(
  rules: readonly Rule[],
): (text: string, admits?: (rule: Rule) => boolean) => Match<Rule> | undefined {
  const byFirst: (Bucket<Rule> | undefined)[] = []
  return (text, admits = EVERY) => {
    if (text === '') return undefined
    const code = Math.min(text.charCodeAt(0), BEYOND)
    byFirst[code] ??= bucketOf(rules, String.fromCharCode(code))
    const { any, some } = byFirst[code]
    if (!any.test(text)) return undefined
    for (const rule of some) {
      const match = admits(rule) ? rule.when.exec(text) : null
      if (match) return { rule, match }
    }
    return undefined
  }
}

const EVERY = () => true

/** Stands for all characters from here on: few lines begin with one. */
const BEYOND = 0x80

interface Bucket<Rule extends Anchored> {
  readonly some: readonly Rule[]
  readonly any: RegExp
}

function bucketOf<Rule extends Anchored>(rules: readonly Rule[], first: string): Bucket<Rule> {
  const isBeyond = first.charCodeAt(0) === BEYOND
  const some = isBeyond ? rules : rules.filter(({ when }) => mayBegin(when.source, first))
  const sources = some.map(({ when }) => `(?:${when.source})`)
  return { some, any: sources.length > 0 ? new RegExp(sources.join('|')) : NOTHING }
}

const NOTHING = /(?!)/
