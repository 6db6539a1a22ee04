import { setImmediate as nextTurn } from 'node:timers/promises'

/** Characters looked at before other work gets its turn: about 5 ms. */
const SLICE = 256 * 1024
/** What each item costs beside its message, in characters. */
const EACH = 256

/** As `map`, and other work gets its turn in between: a request may bring 16 MiB. */
export async function inSlices<T extends { message: string }, R>(
  items: readonly T[],
  act: (item: T) => R,
): Promise<R[]> {
  const results: R[] = []
  let looked = 0
  for (const item of items) {
    results.push(act(item))
    looked += item.message.length + EACH
    if (looked < SLICE) continue
    looked = 0
    await nextTurn()
  }
  return results
}
