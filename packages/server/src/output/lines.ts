/** One line of a program's output as it was written, but for its line end. */
export interface RawLine {
  readonly text: string
  /** Ended by `\r`: the state of a progress bar, which the next one replaces. */
  readonly transient: boolean
  /** The offset in bytes just behind its line end, counted from the decoder's start. */
  readonly end: number
}

export interface LineDecoder {
  push(chunk: Uint8Array): RawLine[]
  /** What is left without a line end, when the output ends. */
  end(): RawLine[]
}

/**
 * Cuts bytes into lines. How the bytes are cut into chunks changes nothing: line ends are looked
 * for in bytes, and a line is decoded as a whole. Of a line longer than `maxBytes` only the
 * beginning is kept, so a line without end costs no memory.
 *
 * A line ends with `\n`, with any number of `\r` and a `\n` (a terminal may double the `\r`), or
 * with `\r` alone; a `\r` at the end of a chunk is held until the next byte tells which.
 */
export function lineDecoder({ maxBytes = 60_000 }: { maxBytes?: number } = {}): LineDecoder {
  /** The beginning of the line that has no end yet; `length` of its `total` bytes are kept. */
  let kept = Buffer.alloc(Math.min(maxBytes, 1024))
  let length = 0
  let total = 0
  /** A `\r` came, and the byte behind it did not. */
  let held = false
  let first = true
  let offset = 0
  return { push, end }

  function push(bytes: Uint8Array): RawLine[] {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines: RawLine[] = []
    let at = 0
    let newline = chunk.indexOf(NEWLINE)
    let carriage = chunk.indexOf(RETURN)
    if (held) {
      at = skipReturns(chunk, 0)
      if (at < chunk.length) finish()
    }
    while (at < chunk.length) {
      if (newline !== -1 && newline < at) newline = chunk.indexOf(NEWLINE, at)
      if (carriage !== -1 && carriage < at) carriage = chunk.indexOf(RETURN, at)
      const stop = nearer(newline, carriage)
      if (stop === -1) {
        keep(chunk, at, chunk.length)
        break
      }
      if (total === 0 && stop === newline && stop - at <= maxBytes) {
        // Nearly every line comes here: it is read where it lies.
        const text = read(chunk.subarray(at, stop), 0)
        at = stop + 1
        lines.push({ text, transient: false, end: offset + at })
        continue
      }
      keep(chunk, at, stop)
      at = skipReturns(chunk, stop)
      if (at === chunk.length) held = true
      else finish()
    }
    offset += chunk.length
    return lines

    /** The line is complete, and `at` is behind its `\r`s. */
    function finish() {
      const transient = chunk[at] !== NEWLINE
      if (!transient) at++
      // A bar that is drawn as `\r` and its text begins with nothing, which replaces nothing.
      if (total > 0 || !transient) lines.push({ text: takeKept(), transient, end: offset + at })
      held = false
    }
  }

  function end(): RawLine[] {
    held = false
    return total > 0 ? [{ text: takeKept(), transient: false, end: offset }] : []
  }

  function keep(chunk: Buffer, from: number, to: number) {
    const wanted = Math.min(maxBytes, length + to - from)
    if (wanted > kept.length) {
      const grown = Buffer.alloc(Math.min(maxBytes, Math.max(wanted, kept.length * 2)))
      kept.copy(grown, 0, 0, length)
      kept = grown
    }
    chunk.copy(kept, length, from, from + wanted - length)
    length = wanted
    total += to - from
  }

  function takeKept(): string {
    const text = read(kept.subarray(0, length), total - length)
    length = 0
    total = 0
    return text
  }

  function read(bytes: Buffer, missing: number): string {
    const cutChar = missing > 0 ? unfinished(bytes) : 0
    let text = bytes.toString('utf8', 0, bytes.length - cutChar)
    if (first && text.startsWith('\uFEFF')) text = text.slice(1)
    first = false
    if (text.includes('\0')) text = text.replaceAll('\0', '')
    // An invalid byte becomes a character of three.
    const fits = text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes
    return missing === 0 && fits ? text : cut(text, maxBytes, missing + cutChar)
  }
}

/** What stands at the end of a line that was too long. */
export const CUT_MARK = / … \[cut: \d{1,16} bytes left out\]$/

const NEWLINE = 0x0a
const RETURN = 0x0d
const BLANK = 0x20

function nearer(a: number, b: number): number {
  if (a === -1) return b
  return b === -1 ? a : Math.min(a, b)
}

function skipReturns(chunk: Buffer, from: number): number {
  let at = from
  while (chunk[at] === RETURN) at++
  return at
}

/** How many bytes at the end begin a character and do not finish it. */
function unfinished(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function cut(text: string, maxBytes: number, missing: number): string {
  const bytes = Buffer.from(text)
  let stop = Math.min(maxBytes, bytes.length)
  while (((bytes[stop] ?? 0) & 0xc0) === 0x80) stop--
  // A token cut in two would no longer look like one, so the cut is before a word where it can be.
  const blank = bytes.lastIndexOf(BLANK, stop)
  if (blank > stop - maxBytes / 32) stop = blank
  return `${bytes.toString('utf8', 0, stop)} … [cut: ${bytes.length - stop + missing} bytes left out]`
}
