import { afterAll, beforeAll, expect, it } from 'vitest'
import { newNode } from './support/nodes.js'
import { endAll, type RunningServer, startServer } from './support/processes.js'
import { openStream } from './support/stream.js'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

/** As many patterns as a query may have. The first text without a match takes them seconds. */
const PATTERNS = ['(a+)+$', ...[93, 94, 95, 96, 97, 98, 99].map((n) => `a.{${n}}[cd]`)]
const QUERY = PATTERNS.map((pattern) => `/${pattern}/`).join(' OR ')

it.each([
  ['a node', (id: string) => `/admin/nodes/${id}/logs/stream?`],
  ['many nodes', (id: string) => `/admin/logs/stream?node=${id}&`],
])('a live stream of %s with slow patterns holds no other reader up', async (_, pathOf) => {
  const [slow, other] = [await newNode(server), await newNode(server)]
  const open = (path: string) =>
    openStream(`${server.url}${path}tail=0`, { 'X-Admin-Token': server.token })
  const filtered = await open(`${pathOf(slow)}q=${encodeURIComponent(QUERY)}&`)
  const plain = await open(pathOf(slow))
  const beside = await open(`/admin/nodes/${other}/logs/stream?`)
  await send(other, [{ message: 'before' }])
  await beside.event('the first', ({ data }) => data.message === 'before')

  const message = `${lettersOf(60_000)}b`
  const found = `${message}c`
  const begun = performance.now()
  await send(slow, [{ message }, { message: found }])
  let longest = 0
  let isShown = false
  for (let n = 0; filtered.messages().length === 0; n += 1) {
    const sent = performance.now()
    await send(other, [{ message: `probe ${n}` }])
    await beside.event(`probe ${n}`, ({ data }) => data.message === `probe ${n}`)
    longest = Math.max(longest, performance.now() - sent)
    isShown ||= plain.messages().length === 2 && filtered.messages().length === 0
  }
  const took = performance.now() - begun
  console.log(`decided in ${took.toFixed(0)} ms; meanwhile others waited ${longest.toFixed(0)} ms`)
  // Not compared as they are: a difference would be printed.
  expect(filtered.messages().map((text) => text === found)).toEqual([true])
  expect(isShown).toBe(true)
  // In the server’s own thread, they would wait for all of it.
  expect(longest).toBeLessThan(took / 2)
})

async function send(id: string, entries: readonly object[]): Promise<void> {
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
}

/** So many letters in no order. */
function lettersOf(length: number): string {
  let state = 1
  const letters = Array.from({ length }, () => {
    state = (state * 16807) % 2147483647
    return state % 2 ? 'a' : 'b'
  })
  return letters.join('')
}
