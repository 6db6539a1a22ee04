import { lineDecoder, type RawLine } from '../../output/lines.js'
import { tail } from './tail.js'

/** The lines of a launch's output file, from its beginning, as they are written. */
export function outputLines(file: string) {
  const decoder = lineDecoder()
  const bytes = tail(file)
  let heardAt = performance.now()
  return { next, rest: () => decoder.end(), heardAt: () => heardAt, close: bytes.close }

  /** The lines of the next piece; undefined when all that was written has been read. */
  async function next(): Promise<readonly RawLine[] | undefined> {
    const chunk = await bytes.next()
    if (chunk.length === 0) return undefined
    heardAt = performance.now()
    return decoder.push(chunk)
  }
}
