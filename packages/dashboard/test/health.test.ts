import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { node, open, send } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer
let status = 200
const model = createServer((_, response) => response.writeHead(status).end())
beforeAll(async () => {
  await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve))
  server = await startServer({ env: { LAUNCHTAIL_HEALTH_INTERVAL: '300ms' } })
})
afterAll(endAll)
afterAll(() => model.close().closeAllConnections())

test('a node whose server stops answering is unhealthy, on its page and in the list, and is well again', async () => {
  const { port } = model.address() as AddressInfo
  const ready_url = `http://127.0.0.1:${port}/health`
  const id = await node(server, { node_id: 'asked', ready_url })
  await send(server, id, { phase: 'active', message: `up at ${ready_url}`, progress: 100 })
  const page = await tabs.fresh()
  await open(page, server, 'nodes/asked')
  await page.locator('.endpoint').getByText('healthy, answers after').waitFor()
  status = 503
  await page.locator('.condition').getByText('unhealthy').waitFor()
  await page.locator('.endpoint').getByText('unhealthy since').waitFor()
  await page.goto(`${server.url}/#/?phase=unhealthy`)
  await page.locator('.node .condition').getByText('unhealthy').waitFor()
  expect(await page.locator('.node').count()).toBe(1)
  status = 200
  await page.locator('.node').waitFor({ state: 'detached' })
})

test('what a smoke test found is beside the address', async () => {
  const id = await node(server, { node_id: 'tested' })
  const found = { first_token_ms: 120, tokens_per_second: 45.2, tokens: 12, answer: 'Hello' }
  await send(server, id, [
    {
      phase: 'health_check',
      message: 'The smoke test was passed: answered after 0.12s, 45.2 tokens/s',
      details: `smoke: ${JSON.stringify(found)}`,
    },
    { phase: 'active', message: 'up', details: 'http://10.0.0.1:8000' },
  ])
  const page = await tabs.fresh()
  await open(page, server, 'nodes/tested')
  await page.locator('.endpoint').waitFor()
  expect(await page.locator('.endpoint').textContent()).toContain(
    'first answer after 0.12s, 45.2 tokens/s',
  )
})
