import type { LaunchState, Level, Phase } from '@launchtail/client/protocol'

/** What a line with these words says. */
export interface Rule {
  /** Anchored at the beginning, and without flags: a table is tried as one expression. */
  readonly when: RegExp
  /** The launch is in this phase at least. */
  readonly phase?: Phase
  /** The percent reached; undefined where the line tells nothing new. */
  readonly progress?: number | ((match: RegExpMatchArray, state: LaunchState) => number | undefined)
  /** In place of the level the line itself names. */
  readonly level?: Level
}

export interface Match {
  readonly rule: Rule
  readonly match: RegExpMatchArray
}

/**
 * Makes one function of tables: the first rule that fits. Most lines fit none, and one expression
 * of all of them finds that out in a single call.
 */
export function compile(...tables: (readonly Rule[])[]): (text: string) => Match | undefined {
  const rules = tables.flat()
  const any = new RegExp(rules.map(({ when }) => `(?:${when.source})`).join('|'))
  return (text) => {
    if (!any.test(text)) return undefined
    for (const rule of rules) {
      const match = rule.when.exec(text)
      if (match) return { rule, match }
    }
    return undefined
  }
}

/**
 * A step of work whose amount nobody knows: each line goes a twentieth of what is left to `limit`,
 * and nothing is told once that no longer shows.
 */
export function towards(from: number, limit: number) {
  return (_: RegExpMatchArray, { progress }: LaunchState): number | undefined => {
    if (progress < from) return from
    const next = Math.round((progress + (limit - progress) / 20) * 10) / 10
    return next > progress && next < limit ? next : undefined
  }
}
