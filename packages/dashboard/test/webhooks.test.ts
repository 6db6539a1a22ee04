import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startReceiver } from '../../server/test/support/receiver.js'
import { startBrowser } from './support/browser.js'
import { open } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

test('a webhook is added, tested and deleted, and its messages are shown and sent again', async () => {
  const receiver = await startReceiver()
  const page = await tabs.fresh()
  await open(page, server, 'webhooks')
  await page.getByText('There are no webhooks').waitFor()
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill('https://10.0.0.1/')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await form.getByText("'url' leads to 10.0.0.1").waitFor()
  await form.getByLabel('Address').fill(receiver.url)
  await form.getByLabel('launch.started').check()
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  const secret = page.getByRole('region', { name: 'The new secret' })
  expect(await secret.locator('code').textContent()).toMatch(/^whsec_/)
  const webhook = page.getByRole('region', { name: `The webhook to ${receiver.url}` })
  await webhook.getByText('launch.started').waitFor()

  await webhook.getByRole('button', { name: 'Test' }).click()
  await webhook.getByText(/^The sample was delivered: answered 204/).waitFor()
  receiver.answer = (response) => void response.writeHead(500).end('<b>broken</b>')
  await webhook.getByRole('button', { name: 'Test' }).click()
  await webhook.getByText('The sample was not delivered: answered 500').waitFor()
  await webhook.getByRole('button', { name: 'Messages' }).click()
  const rows = webhook.locator('tbody tr')
  await until('both messages', async () => (await rows.count()) === 2)
  expect(await rows.first().textContent()).toMatch(/webhook\.test.*dead.*answered 500 in \d+ ms/)
  receiver.answer = (response) => void response.writeHead(204).end()
  await rows.first().getByRole('button', { name: 'Send again' }).click()
  await receiver.messages(3)

  await webhook.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('There are no webhooks').waitFor()
})
