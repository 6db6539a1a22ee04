import { createClient, type NodeRecord } from '@launchtail/client'
import { fieldFromText } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCommand } from './support/command.js'
import { serverScript, task } from './support/launching.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'

let server: RunningServer
let client: ReturnType<typeof createClient>

beforeAll(async () => {
  server = await startServer()
  client = createClient({ baseUrl: server.url, token: server.token })
})
afterAll(endAll)

const serving = task({ run: serverScript(), envs: { SIZE: '1' } })
const told = (words: string) => task({ run: `echo "${words}"; exit 3` })

async function launched(request: object): Promise<NodeRecord> {
  const { node_id } = await client.launchNode({ provider: 'local', ...request })
  return over(node_id)
}

async function over(id: string): Promise<NodeRecord> {
  return until(`${id} to be over`, async () => {
    const node = await client.getNode(id)
    return node.status === 'launching' ? undefined : node
  })
}

const end = (...ids: string[]) => Promise.all(ids.map((id) => client.terminateNode(id)))

describe('a launch that is launched again', () => {
  it('is a new node with the same request, and both know each other', async () => {
    const first = await launched({ task: told('first'), envs: { A: '1', B: '2' }, gpu: 'cpu' })
    expect(first.status).toBe('failed')
    const { node_id } = await client.relaunchNode(first.node_id)
    expect(node_id).not.toBe(first.node_id)
    const second = await over(node_id)
    expect(second.relaunch_of).toBe(first.node_id)
    expect(await client.getNode(first.node_id)).toEqual({
      ...first,
      relaunched_as: node_id,
      updated_at: expect.any(String),
    })
    const [asked, before] = await Promise.all(
      [node_id, first.node_id].map(async (id) => (await client.getNodeLaunch(id)).request),
    )
    expect({ ...asked, node_id: '' }).toEqual({ ...before, node_id: '' })
  })

  it('has the changes, of which null takes a field out', async () => {
    const first = await launched({ task: told('one'), envs: { A: '1', B: '2' }, disk_size: 7 })
    const { node_id } = await client.relaunchNode(first.node_id, {
      ...{ node_id: 'with-changes', envs: { A: '3', B: null, C: '4' }, disk_size: null },
      readiness: { timeout: '5m' },
    })
    expect(node_id).toBe('with-changes')
    const { request } = await client.getNodeLaunch('with-changes')
    expect(request.envs).toEqual({ A: '3', C: '4' })
    expect(request.readiness).toEqual({ timeout: '5m' })
    expect(request).not.toHaveProperty('disk_size')
    await over(node_id)
  })

  it('may be launched again as the same node once it is over', async () => {
    const first = await launched({ node_id: 'same', task: told('again') })
    const { node_id } = await client.relaunchNode('same', { node_id: 'same' })
    expect(node_id).toBe('same')
    await until('a second launch', async () => (await client.listNodeLaunches('same')).launches[1])
    const node = await over('same')
    expect(node).not.toHaveProperty('relaunch_of')
    expect(node).not.toHaveProperty('relaunched_as')
    expect(first.status).toBe('failed')
  })

  it('has the secrets of one that runs, and needs them again of one that is over', async () => {
    const secrets = { HF_TOKEN: 'hf_itIsAnotherSecret0123456789abcd' }
    const first = await launched({ task: serving, secrets })
    expect(first.status).toBe('active')
    const { node_id } = await client.relaunchNode(first.node_id)
    expect(await over(node_id)).toMatchObject({ status: 'active', relaunch_of: first.node_id })
    expect((await client.getNodeLaunch(node_id)).secrets).toEqual(['HF_TOKEN'])
    await end(first.node_id, node_id)
    await over(first.node_id)
    await until(
      'the first to end',
      async () => (await client.getNode(first.node_id)).status === 'terminated',
    )
    await expect(client.relaunchNode(first.node_id)).rejects.toThrow(
      "no secret is kept once its launch is over; give HF_TOKEN again, under 'secrets'",
    )
    const third = await client.relaunchNode(first.node_id, { secrets })
    expect((await client.getNodeLaunch(third.node_id)).secrets).toEqual(['HF_TOKEN'])
    const fourth = await client.relaunchNode(first.node_id, { secrets: { HF_TOKEN: null } })
    expect((await client.getNodeLaunch(fourth.node_id)).secrets).toEqual([])
    await end(third.node_id, fourth.node_id)
  })

  it('needs what became *** again', async () => {
    const url = 'https://me:hunter2secret@example.com/x'
    const first = await launched({ task: told('masked'), envs: { URL: url } })
    await expect(client.relaunchNode(first.node_id, { gpu: 'L4' })).rejects.toThrow(
      '*** stands for a secret in envs.URL; give it again',
    )
    const { node_id } = await client.relaunchNode(first.node_id, { envs: { URL: 'http://x' } })
    expect((await client.getNodeLaunch(node_id)).request.envs).toEqual({ URL: 'http://x' })
    await over(node_id)
  })

  it('takes place once under one key, also when its secrets are gone', async () => {
    const first = await launched({ task: serving, secrets: { KEY_A: 'sesame-sesame-1' } })
    const idempotencyKey = 'again-once'
    const one = await client.relaunchNode(first.node_id, {}, { idempotencyKey })
    await end(first.node_id)
    await until(
      'it to end',
      async () => (await client.getNode(first.node_id)).status === 'terminated',
    )
    expect(await client.relaunchNode(first.node_id, {}, { idempotencyKey })).toEqual(one)
    await end(one.node_id)
  })

  it.each([
    [{ gpus: 2 }, "body has no field 'gpus' (did you mean 'gpu'?)"],
    [{ gpu_count: 0 }, "'gpu_count' must be at least 1"],
    [{ provider: null }, "'provider' is required"],
    [{ readiness: { paths: '/' } }, "'readiness' has no field 'paths' (did you mean 'path'?)"],
    [{ task: 'setup: true' }, 'the task cannot be launched: "setup" must be a string'],
  ])('is refused with %j', async (changes, words) => {
    const first = await launched({ task: told('refused') })
    await expect(client.relaunchNode(first.node_id, changes as object)).rejects.toThrow(words)
    expect(await client.getNode(first.node_id)).not.toHaveProperty('relaunched_as')
  })

  it('is one of this server', async () => {
    await client.createNode({ node_id: 'sent-in' })
    await expect(client.relaunchNode('sent-in')).rejects.toMatchObject({ status: 404 })
    await expect(client.relaunchNode('nobody')).rejects.toThrow('node not found')
  })
})

describe('a field given as text', () => {
  it.each([
    ['gpu', '4090', '4090'],
    ['gpu_count', '2', 2],
    ['use_spot', 'true', true],
    ['envs.N', '1', '1'],
    ['readiness.port', '8000', 8000],
    ['readiness.timeout', '90s', '90s'],
    ['envs', '{"A":"1"}', { A: '1' }],
    ['gpu_count', 'two', 'two'],
    ['nothing.of.it', '1', 1],
  ])('%s=%s is %j', (field, text, value) => {
    expect(fieldFromText(field, text)).toEqual(value)
  })
})

describe('the commands', () => {
  const run = (args: string[], env = {}) => startCommand(server.url, args, { env }).ended

  it('launches again with changes, and shows what differs', async () => {
    const first = await launched({
      task: told('one line'),
      envs: { A: '1' },
      secrets: { S: 'tell-nobody' },
    })
    const again = await run(
      [
        'relaunch',
        first.node_id,
        '-q',
        '--wait',
        '--set',
        'envs.A=2',
        '--set',
        'disk_size=9',
        '--secret',
        'S',
      ],
      { S: 'tell-nobody' },
    )
    expect(again).toMatchObject({ code: 2, stderr: '' })
    const id = again.stdout.trim()
    const status = await run(['status', id])
    expect(status.stdout).toContain(`launched again from ${first.node_id}`)
    const { stdout, code } = await run(['diff', id])
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^A  ${first.node_id}@1  failed`))
    expect(stdout).toContain(`\nB  ${id}@1  failed`)
    expect(stdout).toMatch(/^PHASE +A +B +B − A$/m)
    expect(stdout).toContain('\nenvs.A\n  A  1\n  B  2\n')
    expect(stdout).toContain('\ndisk_size\n  A  –\n  B  9\n')
    expect(stdout).not.toContain('\ntask\n')
    const json = JSON.parse((await run(['diff', first.node_id, id, '--json'])).stdout)
    expect(json).toMatchObject({
      names: [`${first.node_id}@1`, `${id}@1`],
      fields: [
        { field: 'envs.A', left: '1', right: '2' },
        { field: 'disk_size', left: '', right: '9' },
      ],
      times: expect.arrayContaining([expect.objectContaining({ phase: 'queued' })]),
    })
  })

  it('shows the first lines that only one launch has', async () => {
    const [one, other] = [
      await launched({ task: told('the left one') }),
      await launched({ task: told('the right one') }),
    ]
    const { stdout } = await run(['diff', one.node_id, other.node_id, '--lines', '1'])
    expect(stdout).toMatch(/^ {2}A {2}\+\S+ +the left one$/m)
    expect(stdout).toMatch(/^ {2}B {2}\+\S+ +the right one$/m)
    expect(stdout).toMatch(/^task\n {2}A {2}.*the left one.*\n {2}B {2}.*the right one/m)
  })

  it.each([
    [['relaunch', 'nobody'], 4, 'no node is called "nobody"'],
    [['relaunch', 'sent-in'], 4, 'was not launched by this server'],
    [['relaunch', 'sent-in', '--set', 'gpu'], 1, 'it must be a field, "=" and a value'],
    [['relaunch', 'sent-in', '--set', 'secrets.A=b'], 1, 'a secret is given by --secret'],
    [['diff', 'sent-in'], 1, 'was launched once'],
    [['diff', 'sent-in@7', 'sent-in@1'], 4, 'no launch 7'],
    [['diff', 'a b', 'c'], 1, '"a b" is not a node'],
  ])('%j is refused', async (args, code, words) => {
    const ended = await run(args)
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).toContain(words)
  })
})
