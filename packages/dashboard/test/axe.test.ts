import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { line, node, open, send } from './support/page.js'

const tabs = startBrowser()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let server: RunningServer
let failed: string
let running: string
let ranked: string

beforeAll(async () => {
  server = await startServer()
  failed = await node(server, { name: 'a-failed-one', provider: 'aws', gpu: 'a100' })
  await send(server, failed, [
    { message: 'Downloading \u001b[33mtorch\u001b[0m', phase: 'installing', progress: 62 },
    { message: 'slow mirror', level: 'warn', phase: 'installing' },
    { message: 'detail', level: 'debug', phase: 'installing', details: 'more of it' },
    {
      message: 'CUDA out of memory. Tried to allocate 2 GiB',
      level: 'error',
      phase: 'model_loading',
    },
    { message: 'The job failed', level: 'error', phase: 'failed' },
  ])
  running = await node(server, { name: 'a-running-one', labels: { demo: 'a recorded launch' } })
  await send(server, running, { message: 'Fetching', phase: 'model_loading', progress: 75 })
  const done = await node(server, { name: 'a-good-one' })
  const details = 'http://10.0.0.1:8000'
  await send(server, done, { message: 'Ready', phase: 'active', progress: 100, details })
  ranked = await node(server, { name: 'a-node-of-two-machines' })
  await send(server, ranked, [
    { message: 'head up', details: 'place: rank=0 node=head pid=7' },
    { message: 'worker down', level: 'error', details: 'place: rank=1 node=worker1 pid=7' },
  ])
  await server.post('/admin/groups', {
    ...{ group_id: 'trio', replicas: 3, provider: 'local', task: 'run: exit 3' },
  })
  await server.post('/admin/webhooks', {
    url: 'http://127.0.0.1:59999/',
    events: ['webhook.disabled'],
  })
})
afterAll(endAll)

const PAGES: { name: string; show: (page: Page) => Promise<void> }[] = [
  {
    name: 'signing in',
    async show(page) {
      await page.goto(server.url)
      await page.getByLabel('Admin token').fill('wrong')
      await page.keyboard.press('Enter')
      await page.getByText('invalid admin token').waitFor()
    },
  },
  {
    name: 'the nodes',
    async show(page) {
      await open(page, server)
      await page.getByRole('link', { name: 'a-good-one' }).waitFor()
    },
  },
  {
    name: 'a failed node',
    async show(page) {
      await open(page, server, `nodes/${failed}`)
      await line(page, 'The job failed')
      await page.getByLabel('Search in the log').fill('job')
      await page.locator('mark').first().waitFor()
      await page.keyboard.press('Enter')
    },
  },
  {
    name: 'a running node, and a question',
    async show(page) {
      await open(page, server, `nodes/${running}`)
      await line(page, 'Fetching')
      await page.getByRole('button', { name: 'Terminate' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'a node of two machines',
    async show(page) {
      await open(page, server, `nodes/${ranked}`)
      await page.getByRole('group', { name: 'Ranks' }).getByRole('button').nth(1).click()
      await line(page, 'worker down')
    },
  },
  {
    name: 'the groups',
    async show(page) {
      await open(page, server, 'groups')
      await page.getByRole('link', { name: 'trio' }).waitFor()
    },
  },
  {
    name: 'a group',
    async show(page) {
      await open(page, server, 'groups/trio')
      await page.getByText('exit code 3').first().waitFor()
    },
  },
  {
    name: 'the webhooks',
    async show(page) {
      await open(page, server, 'webhooks')
      await page.getByRole('button', { name: 'Messages' }).click()
      await page.getByText('Nothing has been sent yet.').waitFor()
      await page.getByRole('button', { name: 'Add a webhook' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'tokens and the audit log',
    async show(page) {
      await server.post('/admin/tokens', { name: 'grafana', scopes: ['read'], nodes: ['train-*'] })
      await open(page, server, 'access')
      await page.getByText('grafana').first().waitFor()
      await page.getByText('createToken').first().waitFor()
      await page.getByRole('button', { name: 'Create a token' }).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'the form',
    async show(page) {
      await open(page, server, 'launch')
      for (const fold of await page.locator('.fold summary').all()) await fold.click()
      await page.getByLabel('A SkyPilot task').check()
      await page.getByLabel('Provider').fill('local')
      await page.getByLabel('Task, as YAML').fill('run: [')
      await page.getByRole('button', { name: 'Launch', exact: true }).click()
      await page.getByText('it is not YAML').waitFor()
    },
  },
  {
    name: 'the search',
    async show(page) {
      await open(page, server, 'search?q=job+OR+torch+OR+mirror')
      await page.locator('.hit mark').first().waitFor()
      await page.getByRole('button', { name: 'context' }).first().click()
      await page.locator('.neighbour').first().waitFor()
      await page.getByLabel('Search in all logs').fill('level:warning')
      await page.getByText('is not a level').waitFor()
    },
  },
  {
    name: 'two launches of a node',
    async show(page) {
      const id = await node(server, {})
      await send(server, id, [
        { message: 'begun', phase: 'provisioning' },
        { message: 'broken', phase: 'failed', level: 'error' },
      ])
      await send(server, id, [
        { message: 'begun', phase: 'provisioning' },
        { message: 'careful', phase: 'provisioning', level: 'warn' },
        { message: 'up', phase: 'active' },
      ])
      await open(page, server, `nodes/${id}/launches`)
      await page.getByText('careful').waitFor()
    },
  },
  {
    name: 'the launches',
    async show(page) {
      await open(page, server, 'launches')
      await page.getByText('Top causes').waitFor()
    },
  },
]

test.each(PAGES)(
  '$name has no fault that axe takes for serious, in light and dark',
  async ({ show }) => {
    const page = await tabs.fresh({ colorScheme: 'light', reducedMotion: 'reduce' })
    await show(page)
    await page.evaluate(axe)
    expect(await faults(page)).toEqual([])
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await faults(page)).toEqual([])
  },
)

async function faults(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((one) => `${id}: ${one.html} ${one.failureSummary}`))
}

test('everything is reached and done by keyboard', async () => {
  const page = await tabs.fresh()
  await page.goto(server.url)
  await page.locator('input:focus').waitFor()
  await page.keyboard.type(server.token)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'a-running-one' }).waitFor()
  await tabTo(page, 'a-running-one')
  await page.keyboard.press('Enter')
  await line(page, 'Fetching')
  await tabTo(page, 'Terminate')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await tabTo(page, 'Lines of the log')
  await tabTo(page, 'Launchtail')
})

/** Presses Tab until what has this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = []
  while (passed.length < 60 && passed.at(-1) !== name) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const { activeElement: element } = document
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? ''
    })
    passed.push(focused)
  }
  expect(passed, 'what Tab leads to').toContain(name)
}
