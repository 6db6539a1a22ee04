import { pulled } from '../async/pulled.js'
import { ownTurn } from '../async/turns.js'
import { checkOf } from './check.js'
import { entriesFor, meanLength } from './entries-for.js'
import type { Source } from './history-source.js'

/** Entries that are looked at before other work gets its turn, and their characters. */
const PAGE = 500
const CHARACTERS = 64 * 1024

/** The list is not the one any more that was read from before. */
export class ListChanged extends Error {}

/** What is found from an index on, up to another one. */
export function pagesOf<Match>(
  { store, nodeId, find }: Source<Match>,
  { from, to }: { from: number; to: number },
): AsyncIterator<readonly Match[]> {
  let at = from
  /** The check of the last entry that was read. */
  let last: string | undefined
  let atOnce = 16
  return pulled(async () => (at < to ? await next() : undefined))

  async function next(): Promise<readonly Match[]> {
    await ownTurn()
    // With the last entry of the page before, to know that the list is still the same.
    const start = last === undefined ? at : at - 1
    const texts = await store.read(nodeId, start, Math.min(atOnce, to - start))
    if (last !== undefined && checkOf(texts[0] ?? '') !== last) {
      throw new ListChanged('the list has changed')
    }
    // That one and the next always fit into a read.
    const fresh = start < at ? texts.slice(1) : texts
    if (fresh.length === 0) throw new ListChanged('the list has become shorter')
    const found = await find(fresh, at)
    at += fresh.length
    last = checkOf(fresh.at(-1) as string)
    atOnce = entriesFor(meanLength(texts), CHARACTERS, PAGE)
    return found.filter((match) => match !== undefined)
  }
}

/** The same from the end back, each page with the newest first. */
export function pagesBackOf<Match>(
  { store, nodeId, find }: Source<Match>,
  { from, to }: { from: number; to: number },
): AsyncIterator<readonly Match[]> {
  let at = to
  /** The check of the entry at `at`, the first of the page before. */
  let last: string | undefined
  let atOnce = 16
  return pulled(async () => (at > from ? await next() : undefined))

  async function next(): Promise<readonly Match[]> {
    await ownTurn()
    const end = last === undefined ? at : at + 1
    const texts = await store.readBefore(nodeId, end, Math.min(atOnce + 1, end - from))
    if (last !== undefined && checkOf(texts.at(-1) ?? '') !== last) {
      throw new ListChanged('the list has changed')
    }
    const fresh = end > at ? texts.slice(0, -1) : texts
    if (fresh.length === 0) throw new ListChanged('the list has become shorter')
    at -= fresh.length
    const found = await find(fresh, at)
    last = checkOf(fresh[0] as string)
    atOnce = entriesFor(meanLength(texts), CHARACTERS, PAGE)
    return found.filter((match) => match !== undefined).reverse()
  }
}
