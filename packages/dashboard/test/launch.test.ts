import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { line, node, open, send } from './support/page.js'

const tabs = startBrowser()
const task = readFileSync(
  fileURLToPath(new URL('../../../examples/local-node.yaml', import.meta.url)),
  'utf8',
)
const RECORDINGS = fileURLToPath(new URL('../../server/demo', import.meta.url))
/** A folder of genuine launch logs, where there is one. */
/** Of the folders of genuine launch logs, the one that has this log. */
const GENUINE = process.env.LAUNCHTAIL_TRANSCRIPTS?.split(':')
  .map((folder) => join(folder, 'gcp-zone-failover-a100.log'))
  .find((file) => existsSync(file))
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

test('a launch is asked for by the form, followed to its end, and terminated', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Node id').fill('by-the-form')
  await page.getByLabel('Task, as YAML').fill(task.replace('PAUSE: 150', 'PAUSE: 10'))
  expect(await page.getByLabel('The same request as a command').textContent()).toContain(
    '"node_id": "by-the-form"',
  )
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.waitForURL(/#\/nodes\/by-the-form/)
  await page.getByText('Serves at').waitFor()
  const address = page.locator('.endpoint a')
  expect(await address.getAttribute('rel')).toContain('noopener')
  await page.locator('.foot [data-state="over"]').waitFor()
  await line(page, 'Example server: ready')

  await page.getByRole('button', { name: 'Terminate' }).click()
  const dialog = page.getByRole('dialog', { name: 'Terminate?' })
  await dialog.getByText('It is serving requests.').waitFor()
  await dialog.getByRole('button', { name: 'Terminate' }).click()
  await page.locator('.about-node').getByText('terminated').waitFor()
  // Its log has ended before, and tells of this too.
  await line(page, 'Node terminated')
  await page.goto(`${server.url}/#/?phase=terminated`)
  await page.locator('.node .name[title="by-the-form"]').click()
  await page.getByRole('button', { name: 'Launch again' }).click()
  const again = page.getByRole('dialog', { name: 'Launch again?' })
  const asked = await again.getByLabel('Launch request').textContent()
  expect(asked).toMatch(/Provider.*local.*Node id.*by-the-form.*Task.*PAUSE: 10/s)
  await again.getByRole('button', { name: 'Launch again' }).click()
  await page.getByRole('button', { name: 'Terminate' }).waitFor()
  await server.post('/admin/nodes/by-the-form/terminate', '')
})

test('the form says what a launch would do before it is made', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Node id').fill('planned-by-the-form')
  const task = page.getByLabel('Task, as YAML')
  await task.fill('run: sleep 1\nnum_nodes: 2\n')
  await page.getByRole('button', { name: 'Plan' }).click()
  const plan = page.getByRole('region', { name: 'Plan' })
  await plan.getByText('task: "num_nodes" must be 1').waitFor()
  await task.fill('run: sleep 1\n')
  await plan.getByText('The form has changed since.').waitFor()
  await page.getByRole('button', { name: 'Plan' }).click()
  await plan.getByText('no price known').waitFor()
  expect(await plan.locator('td').allTextContents()).toEqual(['local', '–', 'no price known'])
  expect((await server.fetch('/admin/nodes/planned-by-the-form')).status).toBe(404)
})

test('the same is launched as a new node beside one that runs, and the two link to each other', async () => {
  const request = { node_id: 'runs', provider: 'local', task, secrets: { KEY: 'hidden-9876543' } }
  expect((await server.post('/admin/nodes/launch', request)).status).toBe(202)
  const page = await tabs.fresh()
  await open(page, server, 'nodes/runs')
  await page.getByRole('button', { name: 'Launch again' }).click()
  const again = page.getByRole('dialog', { name: 'Launch again?' })
  await again.getByText('A new node will be launched like it:').waitFor()
  await again.getByRole('button', { name: 'Launch again' }).click()
  await page.getByText('launched again from').waitFor()
  const id = decodeURIComponent(page.url().split('/').pop() ?? '')
  await page.getByRole('link', { name: 'compare', exact: true }).click()
  await page.getByText('Both were asked for in the same way.').waitFor()
  await page.goto(`${server.url}/#/nodes/runs`)
  await page.getByRole('link', { name: id }).waitFor()
  for (const one of ['runs', id]) await server.post(`/admin/nodes/${one}/terminate`, '')
})

test('a launch is edited first, launched under another id, and linked with the one before', async () => {
  const request = { node_id: 'edited', provider: 'local', task, owner: 'alice' }
  expect((await server.post('/admin/nodes/launch', request)).status).toBe(202)
  const page = await tabs.fresh()
  await open(page, server, 'nodes/edited')
  await page.getByRole('button', { name: 'Launch again' }).click()
  await page.getByRole('link', { name: 'Edit first' }).click()
  // The one before runs, so the new one has another id.
  await page.getByText('The new node will be linked with edited.').waitFor()
  expect(await page.getByLabel('Node id').inputValue()).toBe('')
  await page.getByLabel('Node id').fill('edited-too')
  await page.getByText('Owner and labels').click()
  await page.getByLabel('Owner').fill('')
  await page.getByLabel('Labels').fill('team=inference')
  const command = await page.getByLabel('The same request as a command').textContent()
  expect(command).toContain('/admin/nodes/edited/relaunch')
  expect(command).toContain('"owner": null')
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.getByText('launched again from').waitFor()
  const record = await (await server.fetch('/admin/nodes/edited-too')).json()
  expect(record).toMatchObject({ relaunch_of: 'edited', labels: { team: 'inference' } })
  expect(record).not.toHaveProperty('owner')
  for (const one of ['edited', 'edited-too']) await server.post(`/admin/nodes/${one}/terminate`, '')
})

test('what few launches need is folded away, tells what is filled in, and opens for what is refused', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Task, as YAML').fill('run: sleep 1\n')
  const folds = page.locator('.fold')
  expect(await folds.locator('summary').allTextContents()).toEqual([
    'Places and attempts',
    'Limits',
    'Readiness and smoke test',
    'Owner and labels',
  ])
  expect(await page.getByLabel('Attempts', { exact: true }).isVisible()).toBe(false)
  const places = folds.filter({ hasText: 'Places and attempts' })
  // By keyboard: from the field before the folds, and with the space bar.
  await page.getByLabel('Secrets').focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await page.getByLabel('Attempts', { exact: true }).fill('0')
  await page.getByLabel('Try until it is up').check()
  await places.locator('summary').click()
  await places.getByText(', filled in: Attempts, Try until it is up').waitFor()
  // The browser refuses a number below one, in a field that it can show.
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.getByLabel('Attempts', { exact: true }).waitFor({ state: 'visible' })
  await page.getByLabel('Attempts', { exact: true }).fill('')
  await places.locator('summary').click()
  await page.getByLabel('All attempts within').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.getByRole('alert').getByText('"retry_until_up" needs a "launch_timeout"').waitFor()
  await page.getByLabel('All attempts within').waitFor({ state: 'visible' })
})

test('a launch with secrets is asked for again by the form, which wants them and nothing else', async () => {
  const secret = 'hidden-0123456789'
  const request = {
    ...{ node_id: 'with-secrets', provider: 'local', envs: { LINES: 'one\ntwo', QUOTE: '"' } },
    task: `# ${secret}\nsecrets:\n  INNER: ${secret}\nrun: exit 3\n`,
    secrets: { HF_TOKEN: `${secret}-too` },
  }
  expect((await server.post('/admin/nodes/launch', request)).status).toBe(202)
  // Of one that runs, the same can be launched beside it without a form.
  await until('the launch to be over', async () => {
    const answer = await server.fetch('/admin/nodes/with-secrets')
    return ((await answer.json()) as { status: string }).status === 'failed'
  })
  const page = await tabs.fresh()
  await open(page, server, 'nodes/with-secrets')
  await page.getByRole('button', { name: 'Launch again' }).click()
  await page.getByText('type the values of INNER, HF_TOKEN again').waitFor()
  expect(await page.content()).not.toContain(secret)
  expect(await page.getByLabel('Provider').inputValue()).toBe('local')
  expect(await page.getByLabel('Environment').inputValue()).toBe('LINES="one\\ntwo"\nQUOTE="\\""')
  const task = page.getByLabel('Task, as YAML')
  expect(await task.inputValue()).toBe('# ***\nsecrets:\n  INNER: null\nrun: exit 3\n')
  expect(await page.getByLabel('Secrets').inputValue()).toBe('INNER=\nHF_TOKEN=')

  const launch = page.getByRole('button', { name: 'Launch', exact: true })
  await launch.click()
  await page.getByText('Type a value for INNER, HF_TOKEN').waitFor()
  await page.getByLabel('Secrets').fill('INNER=first-0123\nHF_TOKEN=second-0123')
  await launch.click()
  await page
    .getByText('Replace *** with the secret it stands for: Task, as YAML (line 1).')
    .waitFor()
  expect(await page.locator('.numbers [data-fault]').allTextContents()).toEqual(['1'])
  await task.fill((await task.inputValue()).replace('# ***\n', '').replace('exit 3', 'exit 4'))
  await launch.click()
  await page.waitForURL(/#\/nodes\/with-secrets/)
  const told = await (await server.fetch('/admin/nodes/with-secrets/launch')).json()
  expect(told).toMatchObject({
    request: { envs: request.envs, task: 'secrets:\n  INNER: null\nrun: exit 4\n' },
    secrets: ['INNER', 'HF_TOKEN'],
  })
})

test('what something else launched is launched again by what its record tells', async () => {
  const about = {
    name: 'elsewhere',
    provider: 'aws',
    region: 'us-east-1',
    gpu: 'h100',
    model: 'a/b',
  }
  const nodeId = await node(server, about)
  await send(server, nodeId, { message: 'The job failed', level: 'error', phase: 'failed' })
  const page = await tabs.fresh()
  await open(page, server, `nodes/${nodeId}`)
  await page.getByRole('button', { name: 'Launch again' }).click()
  await page.getByText('The launch request is not known here').waitFor()
  expect(await page.getByLabel('Region').inputValue()).toBe('us-east-1')
  expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('a/b')
  await page.getByRole('link', { name: 'Launch a node' }).click()
  await page.getByRole('heading', { name: 'Launch a node' }).waitFor()
  expect(await page.getByLabel('Region').inputValue()).toBe('')
})

test('a task that is wrong is refused at the line that is', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'launch')
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Task, as YAML').fill('name: x\nsetup: |\n  true\nrun: [echo\nenvs: {}\n')
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await page.getByText('it is not YAML').waitFor()
  expect(await page.locator('.numbers [data-fault]').allTextContents()).not.toEqual([])
  await page.getByLabel('Task, as YAML').fill('name: x\nenvs:\n  A: [1]\nrun: echo\n')
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
  await until('the line of the key', async () =>
    (await page.locator('.numbers [data-fault]').allTextContents()).includes('3'),
  )
})

test('a launch that failed tells its cause and what to do, on top', async () => {
  const nodeId = await node(server, { name: 'out-of-memory', provider: 'aws' })
  await replay(nodeId, 'aws-a10g-out-of-memory.log')
  await send(server, nodeId, { message: 'The job failed', level: 'error', phase: 'failed' })
  const page = await tabs.fresh()
  await open(page, server, `nodes/${nodeId}`)
  const failure = page.getByRole('region', { name: 'Failure' })
  await failure.getByText('Failed while loading the model: gpu out of memory').waitFor()
  await failure.getByText('torch.OutOfMemoryError: CUDA out of memory.').first().waitFor()
  const record = (await (await server.fetch(`/admin/nodes/${nodeId}`)).json()) as {
    failure: { advice: string }
  }
  expect(await failure.textContent()).toContain(record.failure.advice.replaceAll('`', ''))
  await page.locator('.phase-times [data-phase="model_loading"][data-step="broken"]').waitFor()
})

test('an address that is none of http is no link, whoever says it', async () => {
  const nodeId = await node(server, { name: 'hostile' })
  const record = await (await server.fetch(`/admin/nodes/${nodeId}`)).json()
  const page = await tabs.fresh()
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'))
  await page.route('**/admin/nodes/stream', (route) => {
    const told = { ...record, status: 'active', endpoint: 'javascript:document.title="run"' }
    const ready = { count: 1, total: 1 }
    const events = `event: node\ndata: ${JSON.stringify(told)}\n\nevent: ready\ndata: ${JSON.stringify(ready)}\n\n`
    return route.fulfill({ contentType: 'text/event-stream', body: events })
  })
  await open(page, server, `nodes/${nodeId}`)
  await page.locator('.endpoint', { hasText: 'javascript:document.title' }).waitFor()
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
  expect(await page.locator('.endpoint a').count()).toBe(0)
})

test('a launch is read out of what it prints, as it prints it', async () => {
  const nodeId = await node(server, { name: 'failover', provider: 'gcp' })
  const page = await tabs.fresh()
  await open(page, server, `nodes/${nodeId}`)
  await page.getByText('Nothing has been logged yet.').waitFor()
  await replay(nodeId, 'gcp-a100-zone-failover.log')
  await page.getByLabel('Level').selectOption('warn')
  await page.getByText("Got return codes 'ZONE_RESOURCE_POOL_EXHAUSTED'").first().waitFor()
  await page.locator('.phase-times [data-phase="health_check"][data-step="now"]').waitFor()
  await page.locator('.phase-times [data-phase="installing"][data-step="done"]').waitFor()
})

test.skipIf(!GENUINE)('a genuine transcript is shown line for line', async () => {
  const text = readFileSync(GENUINE ?? '', 'utf8')
  const nodeId = await node(server, { name: 'genuine', provider: 'gcp' })
  await server.post(`/admin/nodes/${nodeId}/logs`, text, { 'Content-Type': 'text/plain' })
  const history = await server.fetch(`/admin/nodes/${nodeId}/logs?tail=all`)
  const { logs } = (await history.json()) as { logs: { message: string }[] }
  const page = await tabs.fresh({ viewport: { width: 2400, height: 1200 } })
  await open(page, server, `nodes/${nodeId}`)
  await page.locator('.foot').getByText(`${logs.length} lines`).waitFor()
  await page.keyboard.press('g')
  await page.locator('.line[data-index="0"]').waitFor()
  // The button that shows an entry's details stands in its line and is none of its text.
  const shown = await page.locator('.line .message').evaluateAll((messages) =>
    messages.map((message) => {
      const text = message.cloneNode(true) as Element
      for (const button of text.querySelectorAll('button')) button.remove()
      return text.textContent
    }),
  )
  expect(shown.length).toBeGreaterThan(10)
  expect(shown).toEqual(logs.slice(0, shown.length).map(({ message }) => message))
})

test('a node of which nobody knows is none', async () => {
  const page = await tabs.fresh()
  await open(page, server, 'nodes/nobody-knows')
  await page.getByText('There is no node nobody-knows.').waitFor()
  expect(await page.getByRole('log').count()).toBe(0)
})

/** Sends a recorded launch's output in, without its times. */
async function replay(nodeId: string, recording: string): Promise<void> {
  const text = readFileSync(join(RECORDINGS, recording), 'utf8').replaceAll(
    /^\d+:\d+(?:\.\d+)? /gm,
    '',
  )
  const type = { 'Content-Type': 'text/plain' }
  const response = await server.post(`/admin/nodes/${nodeId}/logs`, text, type)
  expect(response.status).toBe(202)
}
