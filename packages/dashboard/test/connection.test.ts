import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../server/src/launch/local/port.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { startGateway } from './support/gateway.js'
import { line, lines, messages, node, open, seen, send } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

test('twelve tabs share their connections over HTTP/1.1, and all of them live', async () => {
  const gateway = await startGateway(server.url, '')
  const ids = await Promise.all(lines(10).map((_, i) => node(server, { name: `tab-${i}` })))
  await Promise.all(ids.map((id) => send(server, id, { message: `begun ${id}` })))
  const pages = await tabs.together(12)
  const places = [...ids.map((id) => `nodes/${id}`), '', '']
  await Promise.all(
    pages.map((page, i) => open(page, { url: gateway.url, token: TOKEN }, places[i])),
  )
  await Promise.all(ids.map((id, i) => line(pages[i] as never, `begun ${id}`)))
  await Promise.all(
    pages.slice(10).map((page) => page.getByRole('link', { name: 'tab-9' }).waitFor()),
  )
  // Each is read once, though only three may stream.
  expect(gateway.begun().toSorted()).toEqual(
    ids.map((id) => `/admin/nodes/${id}/logs/stream`).toSorted(),
  )
  // Chromium opens six to a server: two are left to ask on.
  await until('four streams, one of them of all nodes', () => {
    const streams = gateway.streams()
    const fleet = streams.filter((path) => path === '/admin/nodes/stream')
    return streams.length === 4 && fleet.length === 1
  })
  await Promise.all(ids.map((id) => send(server, id, { message: `later ${id}` })))
  await Promise.all(ids.map((id, i) => line(pages[i] as never, `later ${id}`)))
  // A tab that is looked at streams.
  const first = pages[0]
  await first?.bringToFront()
  await first?.evaluate(() => dispatchEvent(new Event('focus')))
  await first?.locator('.foot [data-state="live"]').waitFor()
  await Promise.all(pages.slice(0, 11).map((page) => page.close()))
  await until('what the closed tabs read to end', () =>
    gateway.streams().every((path) => path === '/admin/nodes/stream'),
  )
}, 60_000)

test('goes on by itself when the server is started anew, with no line lost or doubled', async () => {
  const port = await freePort()
  const dataDir = await temporaryFolder()
  const before = await startServer({ port, dataDir })
  const nodeId = await node(before, { name: 'goes-on' })
  await send(before, nodeId, lines(50))
  // More than may stream at a time: the others ask.
  const pages = await tabs.together(5)
  for (const page of pages) {
    await open(page, before, `nodes/${nodeId}`)
    await seen(page, 'line 49')
  }
  await pages[0]?.locator('.foot [data-state="polling"]').waitFor()
  await before.kill()
  await Promise.all(pages.map((page) => page.locator('.foot [data-state="waiting"]').waitFor()))
  await pages[0]?.locator('.foot').getByRole('button', { name: 'now' }).click()
  await pages[0]
    ?.locator('.foot')
    .getByText(/reconnecting in \d+s/)
    .waitFor()
  const after = await startServer({ port, dataDir })
  await send(after, nodeId, lines(50, 50))
  for (const page of pages) {
    // The network is back, says the browser.
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await seen(page, 'line 99')
    await page.locator('.foot').getByText('100 lines', { exact: true }).waitFor()
    await page.getByRole('log').evaluate((list) => list.scrollTo(0, 0))
    await seen(page, 'line 0')
    const numbers = await page.locator('.line .number').allTextContents()
    expect(numbers).toEqual(numbers.map((_, i) => String(i + 1)))
  }
}, 60_000)

test.each([
  ['there are none', () => Reflect.deleteProperty(globalThis, 'SharedWorker')],
  [
    'it cannot be loaded',
    () => {
      const { SharedWorker } = globalThis as unknown as {
        SharedWorker: new (url: string) => object
      }
      const broken = class extends SharedWorker {
        constructor() {
          super('/nowhere.js')
        }
      }
      Object.assign(globalThis, { SharedWorker: broken })
    },
  ],
  [
    'it cannot be loaded, and the browser does not say so',
    () => {
      const { SharedWorker } = globalThis as unknown as {
        SharedWorker: new (url: string) => object
      }
      const silent = class extends SharedWorker {
        constructor() {
          super('/nowhere.js')
        }
        set onerror(_: unknown) {}
      }
      Object.assign(globalThis, { SharedWorker: silent })
    },
  ],
])('each tab connects by itself where a worker is not to be had: %s', async (_, spoil) => {
  const nodeId = await node(server, { name: 'alone' })
  await send(server, nodeId, lines(3))
  const page = await tabs.fresh()
  await page.addInitScript(spoil)
  await open(page, server, `nodes/${nodeId}`)
  await seen(page, 'line 2')
  expect(await messages(page)).toEqual(['line 0', 'line 1', 'line 2'])
  await page.getByRole('heading', { name: 'alone' }).waitFor()
  await send(server, nodeId, lines(1, 3))
  await seen(page, 'line 3')
})
