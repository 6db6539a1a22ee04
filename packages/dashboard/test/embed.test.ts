import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, it, onTestFinished } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { node, send } from './support/page.js'

const browser = startBrowser()
afterAll(endAll)

/** Somebody's own site: one page. Its origin is another than the server's. */
async function site(body: () => string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(body())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function ticketFor(server: RunningServer, id: string, origin: string): Promise<string> {
  const answer = await server.post('/admin/stream-tickets', { node_id: id, origin })
  return ((await answer.json()) as { ticket: string }).ticket
}

it('a page of another origin reads a log with a plain EventSource, which reconnects and stops at the end', async () => {
  let html = ''
  const origin = await site(() => html)
  const server = await startServer({
    env: { LAUNCHTAIL_ORIGINS: origin, LAUNCHTAIL_STREAM_TIMEOUT: '1s' },
  })
  const id = await node(server)
  await send(server, id, { message: 'line 1' })
  const ticket = await ticketFor(server, id, origin)
  html = `<!doctype html><title>site</title><script>
    window.lines = []
    window.opened = 0
    const source = new EventSource('${server.url}/admin/nodes/${id}/logs/stream?ticket=${ticket}')
    source.onopen = () => { window.opened += 1 }
    source.addEventListener('log', (event) => window.lines.push(JSON.parse(event.data).message))
    source.addEventListener('done', () => { window.done = true })
    window.source = source
  </script>`
  const page = await browser.foreign()
  await page.goto(origin)
  const seen = <T>(name: string) =>
    page.evaluate((key) => Reflect.get(window, key), name) as Promise<T>
  await until('the first line', async () => (await seen<string[]>('lines')).length === 1)
  // Each connection ends after a second, and the browser opens another one.
  await until('a reconnect', async () => (await seen<number>('opened')) >= 2)
  await send(server, id, { message: 'line 2' })
  await until('the second line', async () => (await seen<string[]>('lines')).length === 2)
  await until('another reconnect', async () => (await seen<number>('opened')) >= 3)
  await send(server, id, { message: 'line 3', phase: 'active' })
  await until('the end', () => seen<boolean>('done'))
  expect(await seen('lines')).toEqual(['line 1', 'line 2', 'line 3'])
  await until('it to stop for good', () =>
    page.evaluate(() => (Reflect.get(window, 'source') as EventSource).readyState === 2),
  )
})

it('a page of an origin that is not set reads nothing, whatever it holds', async () => {
  let html = ''
  const allowed = await site(() => '')
  const origin = await site(() => html)
  const server = await startServer({ env: { LAUNCHTAIL_ORIGINS: allowed } })
  const id = await node(server)
  const ticket = await ticketFor(server, id, allowed)
  html = `<!doctype html><title>other</title><script>
    window.results = {}
    const failed = (name) => () => { window.results[name] = 'failed' }
    const source = new EventSource('${server.url}/admin/nodes/${id}/logs/stream?ticket=${ticket}')
    source.onopen = () => { window.results.stream = 'read' }
    source.onerror = failed('stream')
    fetch('${server.url}/admin/nodes', { headers: { 'X-Admin-Token': '${server.token}' } })
      .then(() => { window.results.fetch = 'read' }, failed('fetch'))
  </script>`
  const page = await browser.foreign()
  await page.goto(origin)
  const results = () =>
    page.evaluate(() => Reflect.get(window, 'results') as Record<string, string>)
  await until('both to end', async () => Object.keys(await results()).length === 2)
  expect(await results()).toEqual({ stream: 'failed', fetch: 'failed' })
})

it('a node is shown in a frame of such a page, and of no other one', async () => {
  let html = ''
  const origin = await site(() => html)
  const other = await site(() => html)
  const server = await startServer({ env: { LAUNCHTAIL_ORIGINS: origin } })
  const id = await node(server)
  await send(server, id, [
    { message: 'preparing', phase: 'provisioning', progress: 20 },
    { message: '<img src=x onerror=alert(1)>', level: 'error' },
  ])
  const ticket = await ticketFor(server, id, origin)
  html = `<!doctype html><title>site</title><iframe title="log" width="800" height="400"
    src="${server.url}/embed/${id}?ticket=${ticket}"></iframe>`
  const page = await browser.foreign()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  await page.goto(origin)
  const frame = page.frameLocator('iframe')
  await frame.locator('[data-level="error"]', { hasText: '<img src=x onerror=alert(1)>' }).waitFor()
  expect(await frame.locator('img').count()).toBe(0)
  expect(await frame.locator('#phase').textContent()).toBe('provisioning')
  await send(server, id, { message: 'it serves', phase: 'active' })
  await frame.getByText('it serves').waitFor()
  await frame.locator('body[data-phase="active"]').waitFor()
  expect(faults).toEqual([])

  const second = await ticketFor(server, id, origin)
  html = html.replace(ticket, second)
  const stranger = await browser.foreign()
  const said: string[] = []
  stranger.on('console', (message) => said.push(message.text()))
  await stranger.goto(other)
  await until('the frame to be refused', () => said.some((text) => /frame-ancestors/.test(text)))
  expect(await stranger.frameLocator('iframe').locator('[role="log"]').count()).toBe(0)
})

it('the embedded page of a launch that failed says why, and does not connect again', async () => {
  let html = ''
  const origin = await site(() => html)
  const server = await startServer({ env: { LAUNCHTAIL_ORIGINS: origin } })
  const id = await node(server)
  await send(server, id, [
    { message: 'preparing', phase: 'provisioning', progress: 20 },
    { message: 'no machine is left', level: 'error', phase: 'failed' },
  ])
  const ticket = await ticketFor(server, id, origin)
  html = `<!doctype html><title>site</title><iframe title="log" width="800" height="400"
    src="${server.url}/embed/${id}?ticket=${ticket}"></iframe>`
  const page = await browser.foreign()
  const streams: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/logs/stream')) streams.push(request.url())
  })
  await page.goto(origin)
  const frame = page.frameLocator('iframe')
  await frame.locator('body[data-phase="failed"]').waitFor()
  await frame.locator('#message', { hasText: 'no machine is left' }).waitFor()
  // A browser that reconnects says so at once, and does it within four seconds.
  await page.waitForTimeout(4500)
  expect(await frame.locator('#message').textContent()).toBe('no machine is left')
  expect(streams).toHaveLength(1)
})
