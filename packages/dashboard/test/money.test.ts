import { afterAll, expect, onTestFinished, test } from 'vitest'
import { overBudgetEntry } from '../../server/src/logs/budget-entry.js'
import { startCommand } from '../../server/test/support/command.js'
import { priced } from '../../server/test/support/priced.js'
import { endAll, startServer } from '../../server/test/support/processes.js'
import { startDouble } from '../../server/test/support/skypilot-double.js'
import { startBrowser } from './support/browser.js'
import { open, send } from './support/page.js'

const tabs = startBrowser()
afterAll(endAll)

/** A server with a SkyPilot that chooses places at $3.67 an hour. */
async function withSkypilot() {
  const api = await startDouble({ scenario: () => priced('3.67') })
  onTestFinished(() => api.close())
  return startServer({ env: { SKYPILOT_API_SERVER_ENDPOINT: api.url, LAUNCHTAIL_BUDGET: '500' } })
}

test('a group tells what all its nodes cost', async () => {
  const server = await withSkypilot()
  const launch = { provider: 'aws', region: 'us-east-1', gpu: 'H100', model: 'm/m' }
  const answer = await server.post('/admin/groups', { group_id: 'both', replicas: 2, ...launch })
  expect(answer.status).toBe(202)
  const page = await tabs.fresh()
  await open(page, server, 'groups/both')
  const about = page.locator('.about-group')
  await about.getByText(/^\$7\.34 an hour, \$0\.0\d+ so far$/).waitFor()
  const { stdout } = await startCommand(server.url, ['group', 'both']).ended
  expect(stdout).toMatch(/\nprice {5}\$7\.34 an hour\nspent {5}\$0\.0\d+\n/)
  await server.post('/admin/groups/both/terminate', '')
  await about.getByText(/^no price known, \$0\.0\d+ so far$/).waitFor()
}, 60_000)

test('a launch that costs more than its budget is refused by the form, and the node page tells what one costs', async () => {
  const server = await withSkypilot()
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('Provider', { exact: true }).fill('aws')
  await page.getByLabel('Region', { exact: true }).fill('us-east-1')
  await page.getByLabel('GPU', { exact: true }).fill('H100')
  await page.getByLabel('Model', { exact: true }).fill('m/m')
  await page.getByLabel('Node id').fill('priced-1')
  const limits = page.locator('.fold summary', { hasText: /^Limits/ })
  await limits.click()
  await page.getByLabel('Take down when active for').fill('2h')
  const budget = page.getByLabel('Budget (US dollars)')
  await budget.fill('7.25')
  await limits.click()
  await budget.waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page
    .getByRole('alert')
    .getByText('would cost $7.34 ($3.67 an hour for its max_lifetime of 2h)')
    .waitFor()
  await budget.fill('7.5')
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.waitForURL(/#\/nodes\/priced-1/)
  const cost = page.locator('.cost')
  await cost.getByText('$3.67 an hour, $0.00 so far; its budget of $7.50 is not exceeded').waitFor()
  await page.getByText('Serves at').waitFor()
  expect(await cost.getAttribute('data-over-budget')).toBe('false')

  // What the server says once it was exceeded, which would take it hours.
  const { message, level, details } = overBudgetEntry({ budget: 7.5, spent: 7.62 }, 3.67)
  await send(server, 'priced-1', [{ message, level, details }])
  await cost.getByText('; its budget of $7.50 is exceeded').waitFor()
  expect(await cost.getAttribute('data-over-budget')).toBe('true')
  const { stdout } = await startCommand(server.url, ['status', 'priced-1']).ended
  expect(stdout).toContain(
    '\nbudget    $7.50 for this launch; exceeded: $7.62 was spent of $7.50\n',
  )
  await page.goto(`${server.url}/#/launches`)
  await page.getByText('today of $500.00').waitFor()
  await page.goto(`${server.url}/#/`)
  await page.locator('.node .spent').getByText('$0.00').waitFor()
}, 60_000)
