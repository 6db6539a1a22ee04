/** Masks private keys' blocks in a text; one without an end goes on to the text's. */
export function maskBlocks(text: string): string {
  let masked = ''
  let done = 0
  for (;;) {
    BEGIN.lastIndex = done
    const begin = BEGIN.exec(text)
    if (!begin) return masked + text.slice(done)
    END.lastIndex = BEGIN.lastIndex
    masked += `${text.slice(done, begin.index)}***`
    if (!END.test(text)) return masked
    done = END.lastIndex
  }
}

/**
 * Masks a block that comes line by line, each perhaps behind a `(task, pid=1) ` or among lines of
 * other processes. The function gets the line as it was and with what is masked already.
 */
export function pemLines(): (masked: string, original: string) => string {
  /** How many more lines can be part of the block. */
  let left = 0
  return (masked, original) => {
    if (original.includes('-----BEGIN')) {
      left = endsInside(original) ? LONGEST : 0
      return masked
    }
    if (left === 0) return masked
    left--
    const end = masked.indexOf('-----END')
    if (end === -1) return maskLastWord(masked)
    left = 0
    return `${maskLastWord(masked.slice(0, end))}***`
  }
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/g
const END = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,10}-----/g
/** A key of 16384 bits has about 200 lines. */
const LONGEST = 400
const BASE64 = /[A-Za-z0-9+/=]/
/** A shorter word may be anybody's, unless it is the whole line behind its prefixes. */
const LONG = 16
const PREFIXES = /^(?:\([^()]{1,100}\) ?)*\s*$/

function maskLastWord(line: string): string {
  let from = line.length
  while (from > 0 && BASE64.test(line[from - 1] as string)) from--
  if (from === line.length) return line
  const before = line.slice(0, from)
  return line.length - from >= LONG || PREFIXES.test(before) ? `${before}***` : line
}

function endsInside(text: string): boolean {
  BEGIN.lastIndex = 0
  let begin = BEGIN.exec(text)
  while (begin) {
    END.lastIndex = BEGIN.lastIndex
    if (!END.test(text)) return true
    BEGIN.lastIndex = END.lastIndex
    begin = BEGIN.exec(text)
  }
  return false
}
