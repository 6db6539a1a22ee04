import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCommand, startOnTerminal } from './support/command.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
  for (const id of ['one', 'two']) await newNode(id)
})
afterAll(endAll)

async function newNode(id: string): Promise<void> {
  expect((await server.post('/admin/nodes', { node_id: id })).status).toBe(201)
}

async function send(nodeId: string, entry: object): Promise<void> {
  const answer = await server.post(`/admin/nodes/${nodeId}/logs`, entry)
  expect(answer.status).toBe(202)
}

/** Until the command has opened its stream, and shows what comes. */
async function untilShown(shown: () => string): Promise<void> {
  await until('the first lines', async () => {
    await send('one', { message: 'the beginning' })
    return shown().includes('the beginning')
  })
}

it('shows all launches as they come, through a query, plainly where there is no terminal', async () => {
  const { out, child, ended } = startCommand(server.url, [
    ...['logs', '-f', '--all', '--tz', 'utc', '-q', '-hidden'],
  ])
  await untilShown(() => out.stdout)
  await send('two', { message: 'hidden' })
  await newNode('a-third-node')
  await send('a-third-node', { message: 'of a third', level: 'warn' })
  await until('the third', () => out.stdout.includes('of a third'))
  await send('two', { message: 'it broke', phase: 'failed' })
  await until('the end', () => out.stdout.includes('two          failed: it broke'))
  child.kill('SIGINT')
  const { stdout, stderr } = await ended
  expect(stdout).not.toContain('hidden')
  expect(stdout).not.toContain('\x1b')
  expect(stdout).toMatch(/^one {6}\d\d:\d\d:\d\d queued .* the beginning$/m)
  expect(stdout).toMatch(/^a-third-node \d\d:\d\d:\d\d queued .* warn: of a third$/m)
  expect(stderr).toBe('')
})

it('gives each node a colour on a terminal, and keeps it', async () => {
  await newNode('four')
  const { out, child } = startOnTerminal(server.url, ['logs', '-f', '--all', '--tail', '0'])
  await untilShown(() => out.stdout)
  await send('four', { message: 'of the fourth' })
  await send('one', { message: 'of the first again' })
  await send('four', { message: 'of the fourth again' })
  await until('the fourth again', () => out.stdout.includes('of the fourth again'))
  child.kill('SIGKILL')
  const coloursOf = (label: RegExp) => out.stdout.match(label) ?? []
  const one = coloursOf(/\x1b\[\d+m(?=one )/g)
  const four = coloursOf(/\x1b\[\d+m(?=four )/g)
  // Which ones they are depends on the lines of other nodes before them.
  expect([one.length > 1, four.length, new Set(one).size, new Set(four).size]).toEqual([
    ...[true, 2, 1, 1],
  ])
  expect(one[0]).not.toBe(four[0])
})

it('gives the events as JSON, and goes on after one of their ids', async () => {
  const args = ['logs', '-f', '--all', '-o', 'json', '--phase', 'queued']
  const first = startCommand(server.url, [...args, '--tail', '1'])
  const events = (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  await untilShown(() => first.out.stdout)
  first.child.kill('SIGINT')
  const last = events((await first.ended).stdout).at(-1)
  expect(last).toMatchObject({ event: 'log', data: { node_id: 'one' } })
  await send('one', { message: 'what came meanwhile' })
  const second = startCommand(server.url, [...args, '--after', last.id])
  await until('the rest', () => second.out.stdout.includes('what came meanwhile'))
  second.child.kill('SIGINT')
  const rest = events((await second.ended).stdout)
  expect(rest.filter(({ event }) => event === 'gap')).toEqual([])
  expect(rest.at(-1)).toMatchObject({ data: { message: 'what came meanwhile' } })
})

it('refuses flags that do not go together', async () => {
  for (const [args, words] of [
    [['--all'], '--all needs -f'],
    [['-f', '--all', 'one'], 'exclude each other'],
    [['-f', '--phase', 'queued', 'one'], '--phase needs --all'],
    [['-f', '--all', '--numbers'], '--numbers needs a node'],
    [['-f'], 'name a node'],
  ] as const) {
    const { stderr, code } = await startCommand(server.url, ['logs', ...args]).ended
    expect([stderr.includes(words), code], stderr).toEqual([true, 1])
  }
})
