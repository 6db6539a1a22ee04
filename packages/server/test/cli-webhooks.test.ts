import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCommand } from './support/command.js'
import {
  endAll,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from './support/processes.js'
import { startReceiver } from './support/receiver.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(endAll)

const run = (...args: string[]) => startCommand(server.url, ['webhooks', ...args]).ended

test('a webhook is added, tested, listed, rotated and removed', async () => {
  expect((await run('list')).stdout).toBe('There are no webhooks.\n')
  const receiver = await startReceiver()
  const added = await run('add', receiver.url, '--event', 'launch.failed', '--cooldown', '30s')
  expect(added).toMatchObject({ code: 0, stderr: '' })
  const [id = '', secret = ''] = added.stdout.trim().split('\n')
  expect([id, secret]).toEqual([expect.stringMatching(/^wh_/), expect.stringMatching(/^whsec_/)])
  const tested = await run('test', id, '--event', 'launch.active')
  expect(tested.stdout).toMatch(/^delivered: answered 204 in \d+ ms\n$/)
  expect(await receiver.messages(1)).toMatchObject([{ data: { sample: 'launch.active' } }])
  receiver.answer = (response) => void response.writeHead(500).end('out of order')
  expect(await run('test', id)).toMatchObject({
    ...{
      code: 1,
      stderr: 'launchtail: the sample was not delivered: answered 500\n  out of order\n',
    },
  })
  const { stdout: list } = await run('list')
  expect(list).toMatch(/^WEBHOOK +STATE +FORMAT +WAITING +DEAD +ADDRESS\n/)
  expect(list).toContain(`${id}  on     standard        0     1  ${receiver.url}`)
  const flags = ['--cooldown', '40s', '--group-wait', '20s', '--event', 'launch.active']
  expect((await run('change', id, ...flags)).stdout).toBe(`${id} is changed\n`)
  expect(JSON.parse((await run('list', '--json')).stdout)).toMatchObject({
    ...{ cooldown: '40s', events: ['launch.active'], group: { wait: '20s', interval: '1m' } },
  })
  const { stdout: deliveries } = await run('deliveries', id)
  expect(deliveries.trim().split('\n')).toEqual([
    expect.stringMatching(/^MESSAGE +CREATED +EVENT +NODE +STATE +ATTEMPTS +LAST$/),
    expect.stringMatching(/^msg_\w+ .* webhook\.test +dead +1 +answered 500 in \d+ ms$/),
    expect.stringMatching(/^msg_\w+ .* webhook\.test +delivered +1 +answered 204 in \d+ ms$/),
  ])
  receiver.answer = (response) => void response.writeHead(204).end()
  const [dead = ''] = (await run('deliveries', id, '--state', 'dead')).stdout.match(/msg_\w+/) ?? []
  expect((await run('redeliver', dead)).stdout).toBe(`${dead} is sent again\n`)
  await until('the message', () => receiver.received.length === 3)
  await until('its end', async () =>
    (await run('deliveries', id, '--state', 'dead')).stdout.startsWith('There'),
  )
  const again = await run('redeliver', id, '--since', '1h', '--all')
  expect(again.stdout).toBe('2 messages are sent again\n')
  expect((await run('rotate', id)).stdout).toMatch(/^whsec_\S+\n$/)
  expect((await run('enable', id)).stdout).toBe(`${id} is on\n`)
  expect((await run('remove', id)).stdout).toBe(`${id} is removed\n`)
  expect(await run('test', id)).toMatchObject({
    code: 4,
    stderr: 'launchtail: webhook not found\n',
  })
})

test('the routing key of PagerDuty is read from a file', async () => {
  const file = `${await temporaryFolder()}/key`
  await writeFile(file, 'R0123456789ABCDEF0123456789ABCDE\n')
  const receiver = await startReceiver()
  const flags = ['--format', 'pagerduty', '--secret-file', file]
  const { stdout, code } = await run('add', receiver.url, ...flags)
  expect({ stdout, code }).toEqual({ stdout: expect.stringMatching(/^wh_\w+\n$/), code: 0 })
  await run('test', stdout.trim())
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({
    routing_key: 'R0123456789ABCDEF0123456789ABCDE',
    event_action: 'trigger',
  })
})

test.each([
  [['add', 'https://10.0.0.1/'], "'url' leads to 10.0.0.1"],
  [['add', 'http://127.0.0.1:59999/', '--event', 'entry.matched', '-q', 'levl:x'], 'column 1'],
  [['add', 'http://127.0.0.1:59999/', '--event', 'lost'], 'must be one of launch.started'],
  [['redeliver', 'wh_1', '--since', 'soon'], '--since "soon" is no RFC 3339 time'],
  [['nothing'], 'launchtail webhooks --help'],
])('what is wrong is said: %j', async (args, words) => {
  const { stderr, code } = await run(...args)
  expect(stderr).toContain(words)
  expect(code).toBe(1)
})
