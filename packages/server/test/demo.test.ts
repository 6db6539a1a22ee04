import { readdir, readFile } from 'node:fs/promises'
import { createClient, type NodeRecord } from '@launchtail/client'
import { PHASES } from '@launchtail/client/protocol'
import { expect, it } from 'vitest'
import { startDemo } from '../src/demo/demo.js'
import { RECORDED } from '../src/demo/recordings.js'
import { readRecording, replay } from '../src/demo/replay.js'
import { ENOUGH } from '../src/nodes/past.js'
import { type RunningServer, startServer, until } from './support/processes.js'

const FOLDER = new URL('../demo/', import.meta.url)

const nodesOf = async (server: RunningServer) => {
  const { nodes } = (await (await server.fetch('/admin/nodes')).json()) as { nodes: NodeRecord[] }
  return new Map(nodes.map((node) => [node.node_id, node]))
}

it('there is a recording for each launch of the demonstration, and each is read to its end', async () => {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.log'))
  expect(files.sort()).toEqual(RECORDED.map(({ recording }) => `${recording}.log`).sort())
  expect(files).toHaveLength(12)
  for (const file of files) {
    const times = readRecording(await readFile(new URL(file, FOLDER), 'utf8')).map(({ at }) => at)
    expect(times, file).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1), file).toBeGreaterThan(60_000)
  }
})

it('a recording is replayed as it was, only faster, and ends when it is to', async () => {
  const lines = readRecording('0:00 one\n0:01   two\n1:00 \n')
  expect(lines).toEqual([
    { at: 0, text: 'one' },
    { at: 1000, text: '  two' },
    { at: 60_000, text: '' },
  ])
  expect(() => readRecording('0:00 one\nnothing')).toThrow('line 2')
  const stop = new AbortController()
  let text = ''
  for await (const bytes of replay(lines, { speed: 20, signal: stop.signal })) {
    text += Buffer.from(bytes)
    if (text.endsWith('two\n')) stop.abort()
  }
  expect(text).toBe('one\n  two\n')
})

it('what the page tells of each launch is read out of its output', async () => {
  const server = await startServer({ env: { LAUNCHTAIL_LOCAL_LAUNCHER: 'false' } })
  const client = createClient({ baseUrl: server.url, token: server.token })
  // Of an earlier demonstration, which came to another end.
  await client.createNode({ node_id: 'demo-aws-l4-succeeds' })
  await client.appendNodeLogs('demo-aws-l4-succeeds', { phase: 'failed', message: 'as it was' })
  const notes: string[] = []
  const demo = startDemo({ client, note: (sentence) => notes.push(sentence), speed: 400 })
  await demo.done
  const nodes = await nodesOf(server)

  const ends = Object.fromEntries(
    [...nodes.values()].map(({ node_id, status, failure }) => [
      node_id.replace('demo-', ''),
      failure?.code ?? status,
    ]),
  )
  expect(ends).toEqual({
    'aws-l4-succeeds': 'active',
    'aws-a10g-spot-succeeds': 'active',
    'aws-a100-region-failover': 'active',
    'gcp-a100-zone-failover': 'active',
    'azure-a100-succeeds': 'active',
    'nebius-h100-succeeds': 'active',
    'aws-h100-no-capacity': 'no_capacity',
    'gcp-l4-gated-model': 'gated_model',
    'aws-a10g-out-of-memory': 'gpu_out_of_memory',
    'aws-l4-bad-flag': 'bad_flag',
    'azure-t4-package-not-found': 'package_not_found',
    'aws-l40s-stalls': 'launching',
  })
  for (const { node_id, status, phases, labels, endpoint } of nodes.values()) {
    expect(labels, node_id).toEqual({ demo: 'a recorded launch, replayed 400 times as fast' })
    if (status !== 'active') continue
    expect(
      phases.map(({ phase }) => phase),
      node_id,
    ).toEqual(PHASES.filter((phase) => phase !== 'failed'))
    expect(endpoint).toMatch(/^http:\/\/203\.0\.113\.\d+:8000$/)
  }
  expect(nodes.get('demo-aws-l40s-stalls')).toMatchObject({ phase: 'installing' })
  // Silence is told of once it is known what is usual, which these launches tell.
  const { groups } = await client.getStats({ by: ['provider'] })
  const usual = groups.find(({ provider }) => provider === 'aws')
  const installing = usual?.phases.find(({ phase }) => phase === 'installing')
  expect(installing?.count).toBeGreaterThanOrEqual(ENOUGH)

  expect(notes).toEqual([expect.stringContaining('lacks the example node: launching on')])
  await demo.stop()
  expect(notes).toHaveLength(1)
  expect(await server.stop()).toBe(0)
  expect(server.output()).not.toContain('"level":50')
})

it('"serve --demo" shows it beside the example node, and leaves nothing that runs', async () => {
  const server = await startServer({ flags: ['--demo'] })
  await until('what it is', () => server.output().includes('This is a demonstration'))
  const example = await until('the example node to run', async () => {
    const nodes = await nodesOf(server)
    return nodes.has('demo-aws-l4-succeeds') && nodes.get('demo-example')
  })
  expect(example).toMatchObject({ provider: 'local', status: 'launching' })
  expect(example).not.toHaveProperty('labels')
  expect(await readdir(server.dataDir)).toEqual(['demo'])
  expect(await server.stop()).toBe(0)
  expect(server.output()).not.toMatch(/may still run|lacks|Warning/)

  const again = await startServer({ dataDir: `${server.dataDir}/demo` })
  expect((await nodesOf(again)).get('demo-example')?.status).toBe('terminated')
})

it('may be ended as soon as it listens', async () => {
  const server = await startServer({ flags: ['--demo'] })
  expect(await server.stop()).toBe(0)
})
