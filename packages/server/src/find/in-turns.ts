import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds of work before other work gets its turn. */
export const TURN = 5

/** Acts on each, one after the other. Other work gets its turn in between. */
export async function inTurns<Item>(
  items: readonly Item[],
  act: (item: Item) => unknown,
): Promise<void> {
  let begun = performance.now()
  for (const item of items) {
    const acting = act(item)
    if (acting instanceof Promise) await acting
    if (performance.now() - begun < TURN) continue
    await nextTurn()
    begun = performance.now()
  }
}

/** Those that pass, each in its place. */
export async function passingInTurns<Item>(
  items: readonly (Item | undefined)[],
  passes: (item: Item) => boolean | Promise<boolean>,
): Promise<(Item | undefined)[]> {
  const passed: (Item | undefined)[] = []
  await inTurns(items, (item) => {
    const decision = item !== undefined && passes(item)
    if (typeof decision === 'boolean') return void passed.push(decision ? item : undefined)
    return decision.then((late) => void passed.push(late ? item : undefined))
  })
  return passed
}
