import type { Rule } from './rule.js'

/** Masks private keys' blocks in a text; one without an end goes on to the text's. */
export const KEY_BLOCKS: Rule = {
  name: 'private key',
  hints: ['beg'],
  mask(text) {
    let masked = ''
    let done = 0
    for (;;) {
      const end = endOfBegin(text, done)
      if (!end) return masked + text.slice(done)
      masked += `${text.slice(done, end.from)}***`
      END.lastIndex = end.to
      if (!END.test(text)) return masked
      done = END.lastIndex
    }
  },
}

/** True if a private key begins in a text and does not end there. */
export function endsInKey(text: string): boolean {
  for (let done = 0; ; ) {
    const begin = endOfBegin(text, done)
    if (!begin) return false
    END.lastIndex = begin.to
    if (!END.test(text)) return true
    done = END.lastIndex
  }
}

function endOfBegin(text: string, at: number): { from: number; to: number } | undefined {
  BEGIN.lastIndex = at
  const begin = BEGIN.exec(text)
  return begin ? { from: begin.index, to: BEGIN.lastIndex } : undefined
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/g
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/g
