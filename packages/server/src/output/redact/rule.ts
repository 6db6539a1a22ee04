/** One way in which a text gives a secret away. */
export interface Rule {
  readonly name: string
  /** Three characters, whatever their case: a text without any of these has nothing for this rule. */
  readonly hints: readonly string[]
  /** Puts `***` in place of each secret. Takes time in proportion to the text, whatever it holds. */
  readonly mask: (text: string) => string
}

/** A rule that replaces whatever matches. The group `$1`, if there is one, is kept. */
export function patternRule(
  name: string,
  hints: readonly string[],
  when: RegExp,
): Rule & { readonly when: RegExp } {
  const replacement = /\((?!\?)/.test(when.source) ? '$1***' : '***'
  return { name, hints, when, mask: (text) => text.replace(when, replacement) }
}
