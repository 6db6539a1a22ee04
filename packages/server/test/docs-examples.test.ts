import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import { endAll, PROGRAM, type RunningServer, startServer, TOKEN } from './support/processes.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_ORIGINS: 'https://console.example.org' } })
  await server.post('/admin/nodes', { node_id: 'my-node' })
})
afterAll(endAll)

/** The shell commands of a page that are sent to a server. */
async function commandsOf(page: string): Promise<string[]> {
  const text = await readFile(new URL(`../../../docs/${page}`, import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block)
  return blocks.filter((block) => !block.includes('npm start'))
}

/** Runs it as a reader would in a checkout; what it prints. */
async function shell(command: string): Promise<string> {
  const own = command.replaceAll('http://127.0.0.1:8080', server.url)
  const script = `launchtail() { '${process.execPath}' '${PROGRAM}' "$@"; }\n${own}`
  const { stdout } = await run('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      LAUNCHTAIL_URL: server.url,
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
    },
  })
  return stdout
}

it('those of docs/otlp.md send a record to its node', async () => {
  const [command = '', ...more] = await commandsOf('otlp.md')
  expect(more).toEqual([])
  expect(await shell(command)).toBe('{}')
  const { logs } = (await (await server.fetch('/admin/nodes/my-node/logs')).json()) as {
    logs: object[]
  }
  expect(logs).toMatchObject([
    { timestamp: '2023-11-14T22:13:20.123456789Z', message: 'Loading model weights' },
  ])
})

it('those of docs/browser.md give a ticket, and take it back', async () => {
  const [give = '', takeBack = '', ...more] = await commandsOf('browser.md')
  expect(more).toEqual([])
  expect(JSON.parse(await shell(give))).toEqual({ ticket: expect.stringMatching(/^[\w-]{32}$/) })
  expect(JSON.parse(await shell(takeBack))).toEqual({ revoked: 1 })
})

it('those of docs/monitoring.md show the metrics', async () => {
  const [command = '', ...more] = await commandsOf('monitoring.md')
  expect(more).toEqual([])
  expect(await shell(command)).toMatch(/^launchtail_build_info\{version="[\d.]+"\} 1\n/)
})

it('those of docs/ci.md end as the launch does', async () => {
  const [command = '', ...more] = await commandsOf('ci.md')
  expect(more).toEqual([])
  expect(await shell(command)).toMatch(/\nactive http:\/\/\S+\n$/)
}, 60_000)

it('the first of docs/webhooks.md creates a webhook', async () => {
  const [add = ''] = await commandsOf('webhooks.md')
  expect(await shell(add)).toMatch(/^wh_\w+\nwhsec_\S+\n$/)
})

it('the workflow of docs/ci.md uses what the action has, and its tables name all of it', async () => {
  const page = await readFile(new URL('../../../docs/ci.md', import.meta.url), 'utf8')
  const action = parse(await readFile(`${root}integrations/github-action/action.yml`, 'utf8'))
  const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(page) ?? []
  const { steps } = parse(yaml).jobs['smoke-test']
  const [, step, ...others] = steps
  expect(step.uses).toBe('./integrations/github-action')
  const inputs = Object.keys(action.inputs)
  expect(Object.keys(step.with).filter((name) => !inputs.includes(name))).toEqual([])
  const asked = [...JSON.stringify(others).matchAll(/steps\.node\.outputs\.([\w-]+)/g)]
  const outputs = Object.keys(action.outputs)
  expect(new Set(asked.map(([, name]) => name))).toEqual(new Set(['endpoint', 'node-id']))
  const named = [...page.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, name]) => name),
  )
  expect(named.sort()).toEqual([...inputs, ...outputs].sort())
})
