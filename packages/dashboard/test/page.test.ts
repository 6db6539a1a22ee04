import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../server/src/launch/local/port.js'
import {
  endAll,
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from '../../server/test/support/processes.js'
import { KINDS } from '../src/fleet/filter.js'
import { startBrowser } from './support/browser.js'
import { startGateway } from './support/gateway.js'
import { node, open, send } from './support/page.js'

const tabs = startBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1'])
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

describe('signing in', () => {
  test('a wrong token is refused in the server’s words, a right one shows the nodes', async () => {
    const page = await tabs.fresh()
    await page.goto(server.url)
    await page.getByLabel('Admin token').fill('not it')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('invalid admin token').waitFor()
    await page.getByLabel('Admin token').fill('keiner ✗')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('invalid admin token').waitFor()
    await page.getByLabel('Admin token').fill(TOKEN)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Nodes' }).waitFor()
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(TOKEN)
    await page.reload()
    await page.getByRole('heading', { name: 'Nodes' }).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Admin token').waitFor()
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(TOKEN)
  })

  test('the token of the printed address is taken out of it at once', async () => {
    const page = await tabs.fresh()
    const asked: string[] = []
    page.on('request', (request) =>
      asked.push(request.url() + JSON.stringify(request.headers().referer ?? '')),
    )
    await page.goto(`${server.url}/#token=${TOKEN}`)
    await page.getByRole('heading', { name: 'Nodes' }).waitFor()
    expect(page.url()).toBe(`${server.url}/#/`)
    await page.goBack()
    expect(page.url()).not.toContain(TOKEN)
    expect(asked.join()).not.toContain(TOKEN)
  })

  test('a token that the server stops taking leads back to signing in, and says why', async () => {
    const port = await freePort()
    const dataDir = await temporaryFolder()
    const first = await startServer({ port, dataDir })
    const page = await tabs.fresh()
    await open(page, first)
    await first.stop()
    const env = { LAUNCHTAIL_ADMIN_TOKEN: 'another-token-0123456789' }
    await startServer({ port, dataDir, env })
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByText('The server no longer accepts this token.').waitFor()
    expect(await page.locator('input').isVisible()).toBe(true)
    expect(await page.getByRole('navigation').count()).toBe(0)
  })
})

describe('what the page is allowed', () => {
  test('nothing inline, nothing from elsewhere, in nobody’s frame', async () => {
    const { headers } = await fetch(server.url)
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    const text = await (await fetch(server.url)).text()
    expect(text).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/)
  })

  test('a page of another origin learns nothing, and a name that is not the server’s is refused', async () => {
    const nodeId = await node(server)
    const elsewhere = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>elsewhere')
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void elsewhere.close())
    const { port } = elsewhere.address() as AddressInfo
    const page = await tabs.foreign()
    await page.goto(`http://127.0.0.1:${port}`)
    const tried = await page.evaluate(
      async ([url, token, id]) => {
        const post = { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'evil\n' }
        const told = (promise: Promise<Response>) =>
          promise.then(
            (response) => response.type,
            () => 'refused',
          )
        return [
          await told(fetch(`${url}/admin/nodes`, { headers: { 'X-Admin-Token': token } })),
          await told(fetch(`${url}/admin/nodes/${id}/logs`, post)),
          await told(fetch(`${url}/admin/nodes/${id}/logs`, { ...post, mode: 'no-cors' })),
        ]
      },
      [server.url, TOKEN, nodeId] as const,
    )
    expect(tried).toEqual(['refused', 'refused', 'opaque'])
    const { logs } = (await (await server.fetch(`/admin/nodes/${nodeId}/logs`)).json()) as {
      logs: []
    }
    expect(logs).toEqual([])
    const rebound = server.url.replace('127.0.0.1', 'evil.example')
    const response = await page.goto(rebound)
    expect(response?.status()).toBe(400)
  })

  test('works under a path of a proxy, and loads nothing that it does not need', async () => {
    const gateway = await startGateway(server.url, '/tools/launchtail')
    const page = await tabs.fresh()
    const loaded: string[] = []
    page.on('response', (response) => loaded.push(`${response.status()} ${response.url()}`))
    await open(page, { url: gateway.url, token: TOKEN })
    await page.getByRole('heading', { name: 'Nodes' }).waitFor()
    await page.getByRole('banner').getByText('live').waitFor()
    expect(loaded.filter((one) => !one.startsWith('200 '))).toEqual([])
    expect(loaded.join()).not.toMatch(/Statistics/)
    await page.getByRole('link', { name: 'Launches' }).click()
    await page.getByLabel('Grouped by').waitFor()
    expect(loaded.join()).toMatch(/Statistics/)
  })
})

describe('the nodes', () => {
  test('none yet: says so, and how to begin', async () => {
    const empty = await startServer()
    const page = await tabs.fresh()
    await open(page, empty)
    await page.getByText('No node has been launched yet.').waitFor()
    await page.getByRole('link', { name: 'Launch a node' }).last().click()
    await page.getByRole('heading', { name: 'Launch a node' }).waitFor()
    expect(new URL(page.url()).hash).toBe('#/launch')
  })

  test('come and change by themselves, the newest first, with the cause where one failed', async () => {
    const page = await tabs.fresh()
    await open(page, server)
    const first = await node(server, { name: 'first-of-two', provider: 'gcp', model: 'a/model' })
    await page.getByRole('link', { name: 'first-of-two' }).waitFor()
    await node(server, { name: 'second-of-two', provider: 'aws' })
    await page.getByRole('link', { name: 'second-of-two' }).waitFor()
    const names = await page.locator('.node .name').allTextContents()
    expect(names.indexOf('second-of-two')).toBeLessThan(names.indexOf('first-of-two'))

    const row = page.locator('.node').filter({ hasText: 'first-of-two' })
    await send(server, first, { message: 'Fetching weights', phase: 'model_loading', progress: 77 })
    await row.getByText('Fetching weights').waitFor()
    await row.getByText('77 %').waitFor()
    expect(await row.getByRole('img').getAttribute('aria-label')).toBe(
      'phase 5 of 8: model loading, 77 %',
    )
    const words = 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB'
    await send(server, first, [
      { message: words, level: 'error', phase: 'model_loading' },
      { message: 'The job failed', level: 'error', phase: 'failed' },
    ])
    await row.getByText('CUDA out of memory').waitFor()
    await row.getByText('failed', { exact: true }).waitFor()
  })

  test.each([390, 800, 1024, 1200, 1920])(
    'are counted in lines of about the same length, %i pixels wide',
    async (width) => {
      const page = await tabs.fresh({ viewport: { width, height: 800 } })
      await open(page, server)
      const counters = page.getByRole('group', { name: 'Phase' }).getByRole('button')
      await until('the counters', async () => (await counters.count()) === KINDS.length)
      const boxes = await Promise.all((await counters.all()).map((one) => one.boundingBox()))
      const places = boxes.map((box) => box?.y)
      const lengths = [...new Set(places)].map((y) => places.filter((one) => one === y).length)
      const half = KINDS.length / lengths.length / 2
      expect(Math.min(...lengths), lengths.join()).toBeGreaterThanOrEqual(half)
    },
  )

  test('are filtered by text, phase and provider, and the address keeps it', async () => {
    const kept = await node(server, { name: 'filter-kept', provider: 'lambda' })
    await send(server, kept, { message: 'going on', phase: 'installing', progress: 65 })
    await node(server, { name: 'filter-other', provider: 'runpod' })
    const page = await tabs.fresh()
    await open(page, server)
    await page.getByLabel('Filter by text').fill('FILTER-')
    await page.getByRole('button', { name: 'installing' }).click()
    await page.getByLabel('Provider').selectOption('lambda')
    const only = async () => (await page.locator('.node .name').allTextContents()).join()
    await until('the one that fits', async () => (await only()) === 'filter-kept')
    expect(page.url()).toMatch(/q=FILTER-.*phase=installing.*provider=lambda/)
    await page.reload()
    await until(
      'the same after loading the page again',
      async () => (await only()) === 'filter-kept',
    )
    await page.getByRole('button', { name: 'queued' }).click()
    await page.getByText('No node matches the filter.').waitFor()
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('link', { name: 'filter-other' }).waitFor()
  })

  test('the newest thousand are a few dozen rows in the page', async () => {
    const large = await startServer()
    for (let at = 0; at < 1050; at += 50) {
      const some = Array.from({ length: 50 }, (_, i) => node(large, { name: `many-${at + i}` }))
      await Promise.all(some)
    }
    const page = await tabs.fresh()
    await open(page, large)
    await until('all to be counted', async () =>
      (await page.getByRole('button', { name: 'queued' }).textContent())?.includes('1000'),
    )
    expect(await page.locator('.node').count()).toBeLessThan(100)
    await page.getByText(/the newest 1,000 of 1,050 nodes/).waitFor()
    await page.locator('.nodes').evaluate((list) => list.scrollTo(0, list.scrollHeight))
    await page.locator('.node[aria-posinset="1000"]').waitFor()
  }, 60_000)
})
