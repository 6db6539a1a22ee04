import { createClient } from '@launchtail/client'
import { rankIn } from '@launchtail/client/protocol'
import { afterAll, describe, expect, test } from 'vitest'
import { startCommand } from './support/command.js'
import { endAll, startServer } from './support/processes.js'

afterAll(endAll)

/** As SkyPilot prints a job of two nodes. */
const TWO_NODES = `⚙︎ Launching on Nebius eu-north1.
└── Instances are up.
⚙︎ Job submitted, ID: 14
├── Waiting for task resources on 2 nodes.
└── Job started. Streaming logs... (Ctrl-C to exit log streaming; job will not be killed)
(setup pid=8665) Reading package lists...
(worker1, rank=1, pid=33870, ip=192.168.0.15) MASTER_ADDR: 192.168.0.17
(head, rank=0, pid=8665) MASTER_ADDR: 192.168.0.17
(worker1, rank=1, pid=33870, ip=192.168.0.15) Transport type : IB
`
/** The head sees more of the failure than the worker that has failed, which is not its cause. */
const WORKER_FAILS = `${TWO_NODES}(worker1, rank=1, pid=33870, ip=192.168.0.15) Traceback (most recent call last):
(worker1, rank=1, pid=33870, ip=192.168.0.15)   File "train.py", line 3, in <module>
(worker1, rank=1, pid=33870, ip=192.168.0.15) KeyError: 'shard-7'
(head, rank=0, pid=8665) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
`
const CLEANED_UP = 'SkyPilot cleaned up the processes on other nodes with return code 137)'

test.each([
  ['place: rank=1 node=worker1 pid=7', '1'],
  ['place: rank=0 node=head pid=7\nlogger: x', '0'],
  // A process of a machine has a number among all processes.
  ['place: rank=5 node=worker1 pid=7', '1'],
  ['place: rank=PP1_TP0 pid=7', 'PP1_TP0'],
  ['place: rank=3 node=10.0.0.2', '3'],
  ['place: node=worker-1 pid=7', undefined],
  ['logger: rank=1', undefined],
  [undefined, undefined],
])('the rank in %j is %j', (details, rank) => {
  expect(rankIn(details)).toBe(rank)
})

describe('the log of a launch on two machines', () => {
  test('is shown, searched and followed by rank', async () => {
    const server = await startServer()
    const client = createClient({ baseUrl: server.url, token: server.token })
    await client.createNode({ node_id: 'two' })
    await client.sendOutput('two', TWO_NODES)
    const { stdout } = await startCommand(server.url, [
      ...['logs', 'two', '--tail', 'all', '-o', 'raw', '--rank', '1'],
    ]).ended
    expect(stdout.trim().split('\n')).toEqual(['MASTER_ADDR: 192.168.0.17', 'Transport type : IB'])
    const { stdout: found } = await startCommand(server.url, [
      ...['logs', 'two', '--tail', 'all', '-o', 'raw', '--rank', '0', '-q', 'nothing OR master*'],
    ]).ended
    expect(found.trim()).toBe('MASTER_ADDR: 192.168.0.17')
    const searched = await client.searchLogs({ q: 'rank:1' })
    expect(searched.logs.map(({ message }) => message)).toHaveLength(2)
    expect((await client.searchLogs({ q: '-rank:* transport' })).count).toBe(0)
    const wrong = await startCommand(server.url, ['logs', 'two', '--rank', '1', '-q', 'a OR']).ended
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('\n  (a OR)')])
    await expect(client.listNodes({ q: 'rank:1' })).rejects.toThrow("'rank' is a field of entries")
  })

  test.each([
    [
      `ERROR: Job 14 failed with return code list: [137, 1] (A Worker failed with return code 1, ${CLEANED_UP}`,
      "KeyError: 'shard-7'",
    ],
    [
      `ERROR: Job 14 failed with return code list: [1, 137] (A Worker failed with return code 1, ${CLEANED_UP}`,
      'torch.OutOfMemoryError',
    ],
    ['srun: error: gpu02: task 1: Exited with exit code 1', "KeyError: 'shard-7'"],
    ['srun: error: gpu01: task 0: Exited with exit code 1', 'torch.OutOfMemoryError'],
    // Both have failed by themselves: what tells most is the cause.
    ['ERROR: Job 14 failed with return code list: [1, 1]', 'torch.OutOfMemoryError'],
    ['srun: error: gpu02: task 1: Exited with exit code 137', 'torch.OutOfMemoryError'],
  ])('has as its cause what the rank said that failed by itself: %s', async (last, cause) => {
    const server = await startServer()
    const client = createClient({ baseUrl: server.url, token: server.token })
    await client.createNode({ node_id: 'two' })
    await client.sendOutput('two', `${WORKER_FAILS}${last}\n`)
    await client.setNodeStatus('two', { status: 'failed', message: 'the job failed' })
    const { failure } = await client.getNode('two')
    expect(failure?.message).toContain(cause)
  })
})

test('a launch on several machines says so, and is refused where it cannot be', async () => {
  const server = await startServer()
  const client = createClient({ baseUrl: server.url, token: server.token })
  const words = ['launch', '--file', '-', '--num-nodes', '2', '--dry-run']
  const local = await startCommand(server.url, words, { input: 'run: sleep 1\n' }).ended
  expect([local.code, local.stdout]).toEqual([
    ...[2, expect.stringContaining('"num_nodes" must be 1 with provider "local"')],
  ])
  await expect(
    client.launchNode({ provider: 'local', task: 'run: x', num_nodes: 0 }),
  ).rejects.toThrow('num_nodes')
})
