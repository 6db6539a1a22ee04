/**
 * The thread that runs queries with patterns on large entries. A pattern may take 200 ms on one of
 * 64 KiB, and every stream of the server would wait for it.
 */
import { parentPort } from 'node:worker_threads'
import { type Predicate, parseQuery } from '@launchtail/client/query'
import type { Numbered } from './asked.js'
import type { Decided, Undecided } from './slow-entries.js'

/** Queries that are kept: a reader asks for the same one again and again. */
const KEPT = 16
const predicates = new Map<string, Predicate>()

parentPort?.on('message', ({ id, query, now, entry, launch }: Numbered<Undecided>) => {
  const decided: Decided = { id, found: predicateOf(query, now)(entry, launch) }
  parentPort?.postMessage(decided)
})

function predicateOf(query: string, now: number): Predicate {
  const key = `${now} ${query}`
  const known = predicates.get(key)
  if (known) return known
  if (predicates.size >= KEPT) predicates.clear()
  const predicate = parseQuery(query).predicate({ now })
  predicates.set(key, predicate)
  return predicate
}
