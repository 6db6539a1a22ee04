import { signal } from '@preact/signals'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { createFleetState } from '../src/fleet/state.js'
import { createLink } from '../src/hub/link.js'
import type { FromHub, ToHub } from '../src/hub/messages.js'
import { createLog } from '../src/log/state.js'
import { lines, node, send } from './support/page.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

/** What a tab has, without a page. Node has no shared workers, so each tab has its own hub. */
function openTab(token = server.token) {
  const tab = { isUnauthorized: false }
  const link = createLink({
    credentials: () => ({ baseUrl: server.url, token }),
    onUnauthorized() {
      tab.isUnauthorized = true
    },
  })
  onTestFinished(link.close)
  return Object.assign(tab, { link, fleet: createFleetState({ link, token: signal(token) }) })
}

test('tabs share no state: one is refused, the other sees the nodes, and logs go to their own', async () => {
  const ids = [await node(server), await node(server)]
  await Promise.all(ids.map((id, i) => send(server, id, lines(3, i * 10))))
  const good = openTab()
  const refused = openTab('no-token-of-the-server')
  const logs = ids.map((nodeId) => createLog({ nodeId, link: good.link }))
  for (const log of logs) log.start()
  await until('both nodes', () => ids.every((id) => good.fleet.nodes.value.has(id)))
  await until('both logs', () => logs.every(({ length }) => length.value === 3))
  expect(logs.map((log) => log.lines.map(({ entry }) => entry.message))).toEqual([
    ['line 0', 'line 1', 'line 2'],
    ['line 10', 'line 11', 'line 12'],
  ])
  await until('the refusal', () => refused.isUnauthorized)
  expect(good.isUnauthorized).toBe(false)
  expect(refused.fleet.nodes.value.size).toBe(0)
})

test('a worker that answers too late is told to close, and not listened to any more', async () => {
  const received: ToHub[] = []
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  port1.onmessage = ({ data }: MessageEvent<ToHub>) => received.push(data)
  Object.assign(globalThis, {
    SharedWorker: class {
      port = port2
      onerror = null
    },
  })
  onTestFinished(() => void Reflect.deleteProperty(globalThis, 'SharedWorker'))
  const nodeId = await node(server)
  const { fleet } = openTab()
  await until('the worker to be given up', () => received.some(({ type }) => type === 'close'))
  const late: FromHub = { type: 'nodes', id: 1, nodes: [], gone: [nodeId], total: 0 }
  port1.postMessage({ type: 'ready' } satisfies FromHub)
  port1.postMessage(late)
  await until('the node, from the tab’s own hub', () => fleet.nodes.value.has(nodeId))
  expect(fleet.total.value).toBeGreaterThan(0)
  expect(received.map(({ type }) => type)).toEqual(['fleet', 'close'])
})
