import type { Webhook } from '@launchtail/client'
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

test('a webhook is changed, and keeps what was not typed', async () => {
  const receiver = await startReceiver()
  const page = await tabs.fresh()
  await open(page, server, 'webhooks')
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill(receiver.url)
  await form.getByLabel('A failure waits for others with its cause').fill('2h')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  await form.getByText("'group.wait' must be a duration of at most 1h").waitFor()
  await form.getByLabel('A failure waits for others with its cause').fill('90s')
  await form.getByRole('button', { name: 'Add', exact: true }).click()
  const webhook = page.getByRole('region', { name: `The webhook to ${receiver.url}` })
  await webhook.getByText('a failure waits 1m30s for others').waitFor()
  const [before] = (await webhooksOf(server)).webhooks
  expect(before).toMatchObject({ cooldown: '1m', group: { wait: '1m30s', interval: '1m' } })

  await webhook.getByRole('button', { name: 'Change' }).click()
  expect(await form.getByLabel('A failure waits for others with its cause').inputValue()).toBe(
    '1m30s',
  )
  expect(await form.getByLabel('launch.failed').isChecked()).toBe(true)
  await form.getByLabel('A failure waits for others with its cause').fill('0s')
  await form.getByLabel('Next message about the cause').fill('5m')
  await form.getByLabel('Similar entries are only counted for').fill('30s')
  await form.getByLabel('Which launches').fill('provider:aws')
  await form.getByRole('button', { name: 'Save' }).click()
  await webhook.getByText('a failure waits 0s for others').waitFor()
  const changed = { cooldown: '30s', group: { wait: '0s', interval: '5m' }, q: 'provider:aws' }
  expect((await webhooksOf(server)).webhooks).toEqual([{ ...before, ...changed }])

  // The address that is shown is not sent back: of some formats it is masked.
  const other = await startReceiver()
  await webhook.getByRole('button', { name: 'Change' }).click()
  await form.getByLabel('Address').fill(other.url)
  await form.getByLabel('Which launches').fill('')
  await form.getByLabel('Format').selectOption('slack')
  await form.getByRole('button', { name: 'Save' }).click()
  const moved = page.getByRole('region', { name: /The webhook to .*\*\*\*/ })
  await moved.getByRole('button', { name: 'Change' }).click()
  await form.getByLabel('launch.slow').check()
  await form.getByRole('button', { name: 'Save' }).click()
  await moved.getByText('launch.slow').waitFor()
  await moved.getByRole('button', { name: 'Test' }).click()
  await moved.getByText(/^The sample was delivered/).waitFor()
  await other.messages(1)
  const [after] = (await webhooksOf(server)).webhooks
  expect(after).not.toHaveProperty('q')
  expect(after).toMatchObject({ format: 'slack', group: changed.group })
})

async function webhooksOf({ fetch }: RunningServer) {
  return (await fetch('/admin/webhooks')).json() as Promise<{ webhooks: Webhook[] }>
}
