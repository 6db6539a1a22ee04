import { UNSEEN } from '@launchtail/client/protocol'

/**
 * Text from a launch as it may be shown: characters that cannot be seen, or that change how their
 * neighbours are read (control characters, bidirectional overrides, invisible joiners), are shown
 * by their name.
 */
export function inert(text: string): string {
  return ANY_UNSEEN.test(text) ? text.replace(UNSEEN, nameOf) : text
}

const ANY_UNSEEN = new RegExp(UNSEEN.source, 'u')

function nameOf(character: string): string {
  const code = character.codePointAt(0) as number
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  if (code === 0x7f) return '␡'
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
}
