import { readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { sqliteLogStore } from '../src/logs/sqlite/store.js'
import { type RunningServer, startServer, temporaryFolder, until } from './support/processes.js'

// Larger than what the system keeps for two ends of a connection.
const SIZE = 40_000_000
const ENTRY = 8000

it('an answer ends whose reader takes nothing for 30 s, and not one that is read slowly', {
  timeout: 120_000,
}, async () => {
  const dataDir = await temporaryFolder()
  const store = await sqliteLogStore({ file: join(dataDir, 'logs.db'), retention: 86_400_000 })
  const fields = { timestamp: '2024-01-15T10:30:00Z', level: 'info', phase: 'installing' }
  const text = JSON.stringify({ ...fields, message: 'word '.repeat(ENTRY / 5) })
  const texts = Array.from({ length: 500 }, () => text)
  for (let at = 0; at < SIZE; at += 500 * ENTRY) await store.append('n', texts)
  await store.close()
  const server = await startServer({ dataDir })
  const usual = sockets(server)
  const paths = ['logs?tail=all', 'logs/export?format=csv', 'logs/export?format=text']
  const still = paths.map((path) => ask(server, `/admin/nodes/n/${path}`))
  const slow = ask(server, '/admin/nodes/n/logs?tail=all')
  const began = performance.now()
  const reading = setInterval(() => slow.read(), 500)
  onTestFinished(() => clearInterval(reading))
  await until('all to be answered', () => still.every(({ begun }) => begun()))
  expect(sockets(server)).toBeGreaterThanOrEqual(usual + paths.length + 1)
  await until('the others to be cut', () => sockets(server) <= usual + 1, 60_000)
  expect(performance.now() - began).toBeGreaterThan(29_000)
  const before = slow.received()
  await sleep(3000)
  expect(slow.received()).toBeGreaterThan(before)
  expect(sockets(server)).toBe(usual + 1)
})

/** Reads the answer's beginning, and from then on what is asked for. */
function ask(server: RunningServer, path: string) {
  const { hostname, port } = new URL(server.url)
  const socket = connect({ host: hostname, port: Number(port) })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Admin-Token: ${server.token}\r\n\r\n`)
  let received = 0
  socket.on('data', ({ length }) => {
    received += length
    socket.pause()
  })
  return { begun: () => received > 0, received: () => received, read: () => socket.resume() }
}

function sockets({ child }: RunningServer): number {
  const folder = `/proc/${child.pid}/fd`
  return readdirSync(folder).filter((fd) => linkOf(join(folder, fd)).startsWith('socket:')).length
}

/** Empty where it was closed meanwhile. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file)
  } catch {
    return ''
  }
}
