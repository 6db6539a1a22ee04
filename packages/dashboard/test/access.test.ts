import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { open } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const ask = (token: string, path: string, init: RequestInit = {}) =>
  fetch(server.url + path, { ...init, headers: { 'X-Admin-Token': token } })

test('a token is created, used and revoked, and the audit log shows all of it', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'access')
  await page.getByText('There are no tokens but the configured one').waitFor()
  await page.getByRole('button', { name: 'Create a token' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill('<b>grafana</b>')
  await form.getByLabel('Only these nodes').fill('train-* eval-1')
  await form.getByLabel('Ends after').fill('soon')
  await form.getByRole('button', { name: 'Create', exact: true }).click()
  await form.getByText('"soon" is no duration').waitFor()
  await form.getByLabel('Ends after').fill('30d')
  await form.getByRole('button', { name: 'Create', exact: true }).click()
  const shown = page.getByRole('region', { name: 'The new token' }).locator('code')
  const token = (await shown.textContent()) ?? ''
  expect(token).toMatch(/^lt_read_\w{36}$/)
  const row = page.getByRole('region', { name: 'Tokens' }).locator('tbody tr')
  expect(await row.textContent()).toMatch(/^<b>grafana<\/b>read(train-\*, eval-1)/)
  expect((await ask(token, '/admin/nodes')).status).toBe(200)
  expect((await ask(token, '/admin/nodes/eval-1', { method: 'DELETE' })).status).toBe(403)

  await row.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByText('There are no tokens but the configured one').waitFor()
  expect((await ask(token, '/admin/nodes')).status).toBe(401)

  const log = page.getByRole('region', { name: 'Audit log' })
  await log.getByText('revokeToken').waitFor()
  await log.getByLabel('Only refusals').check()
  await log.getByText('revokeToken').waitFor({ state: 'detached' })
  await log.getByText('token may not launch, change or end nodes').waitFor()
  await log.getByText('invalid admin token').waitFor()
})

test('somebody without the right is told so', async () => {
  const made = await server.post('/admin/tokens', { name: 'reader', scopes: ['read'] })
  const { token } = (await made.json()) as { token: string }
  const page = await tabs.fresh()
  await open(page, { ...server, token }, 'access')
  const told = page.getByRole('alert').filter({ hasText: "it needs the right 'admin'" })
  await told.first().waitFor()
  // For the tokens, and for the audit log.
  await until('both to say so', async () => (await told.count()) === 2)
  expect(await page.getByRole('row').count()).toBe(0)
})
