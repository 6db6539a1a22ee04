import { ownTurn } from '../../async/turns.js'
import type { Advance } from './advance.js'
import { dropPosition, type Position } from './position.js'
import type { MergedReader } from './reader.js'
import type { Sources } from './sources.js'
import type { Pages } from './step.js'

export interface BehindOptions {
  sources: Sources
  advance: Advance
  say: (reader: MergedReader, text: string) => void
  endAfter: (reader: MergedReader, position: Position, error: unknown) => void
  /** The reader has everything there is. */
  arrive: (reader: MergedReader, position: Position) => void
  fail: (error: unknown, readers: readonly MergedReader[]) => void
}

/**
 * The readers that are behind: new ones, slow ones, those that resume. Each has a position of its own, and is
 * brought towards the tip as far as its socket takes it.
 */
export function createBehind(options: BehindOptions) {
  const { sources, advance, say, endAfter, arrive, fail } = options
  return { goOn, drop }

  /** Called when there is news, when its socket drains, the storage is back, and each second. */
  function goOn(reader: MergedReader): void {
    reader.again = true
    if (reader.catchingUp || !reader.position) return
    reader.catchingUp = true
    void catchUp(reader, reader.position)
      .catch((error) => fail(error, [reader]))
      .then(() => {
        reader.catchingUp = false
        if (reader.ended) drop(reader)
      })
  }

  async function catchUp(reader: MergedReader, position: Position): Promise<void> {
    const pages: Pages = new Map()
    while (reader.again && reader.position && !reader.ended && reader.outlet.isDrained()) {
      reader.again = false
      const { text, more, error } = await advance(position, pages)
      say(reader, text)
      if (!reader.ended) endAfter(reader, position, error)
      if (error !== undefined) return
      // Until a step finds nothing: something may have come during the last one.
      if (more || text !== '') reader.again = true
      else if (!reader.ended) arrive(reader, position)
      if (more && text === '') await ownTurn()
    }
  }

  /** A position that is at work is dropped afterwards. */
  function drop(reader: MergedReader): void {
    if (reader.catchingUp || !reader.position) return
    dropPosition(reader.position, sources)
    reader.position = undefined
  }
}
