import { createClient } from '@launchtail/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { open } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

const TASK = `envs: {BREAK: ""}
run: |
  echo "a line of the task"
  if [ -n "$BREAK" ]; then echo "ValueError: $BREAK" >&2; exit 3; fi
  exec python3 -m http.server "$PORT" --bind 127.0.0.1
`

test('a group is launched by the form, shown on one page, replaced there and ended there', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Node id').fill('trio')
  await page.getByLabel('Replicas').fill('2')
  const ready = page.getByLabel('Ready when this path answers')
  await page.locator('.fold', { has: ready }).locator('summary').click()
  await ready.fill('/')
  await page.getByLabel('Task, as YAML').fill(TASK)
  await page.getByText('/admin/groups').waitFor()
  await page.getByRole('button', { name: 'Launch', exact: true }).click()

  await page.getByRole('heading', { name: 'trio' }).waitFor()
  await page.getByText('2 of 2 active').waitFor({ timeout: 60_000 })
  const nodes = page.getByRole('list', { name: 'Nodes of the group' }).getByRole('listitem')
  expect(await nodes.count()).toBe(2)
  const lines = page.getByRole('log').getByText('a line of the task')
  await lines.nth(1).waitFor()
  expect(await lines.count()).toBe(2)

  const client = createClient({ baseUrl: server.url, token: server.token })
  await client.updateGroup('trio', { envs: { BREAK: 'no model' } })
  await page.getByText('The update has stopped').waitFor({ timeout: 60_000 })
  await page.getByText('has not taken the place of trio-1').waitFor()
  expect(await page.getByText('2 of 2 active').count()).toBe(1)

  await page.getByRole('button', { name: 'Replace nodes' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Replace nodes' }).click()
  await page.getByText('replaced 2 of 2').waitFor({ timeout: 60_000 })
  await page.getByRole('link', { name: 'trio-5' }).first().waitFor()

  await page.getByRole('link', { name: 'All groups' }).click()
  await page.getByRole('link', { name: 'trio' }).click()
  await page.getByRole('button', { name: 'Terminate' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Terminate' }).click()
  await page.getByRole('button', { name: 'Forget' }).click({ timeout: 60_000 })
  await page.getByRole('dialog').getByRole('button', { name: 'Forget' }).click()
  await page.getByText('There are no groups').waitFor()
}, 180_000)
