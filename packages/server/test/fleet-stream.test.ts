import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createClient, type NodeRecord, type NodesEvent } from '@launchtail/client'
import { FLEET_SIZE } from '@launchtail/client/protocol'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { streamHeaders } from '../src/http/stream-headers.js'
import { createFleet, type Fleet } from '../src/stream/fleet/fleet.js'
import { FORMATS } from '../src/stream/formats.js'
import { removeFolder, startLaunching, temporaryFolder } from './support/launching.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { openStream, type StreamEvent } from './support/stream.js'

describe('the stream of all nodes', () => {
  let server: RunningServer

  beforeAll(async () => {
    server = await startServer({ env: { LAUNCHTAIL_HEARTBEAT: '300ms' } })
    for (const id of ['first', 'second', 'third']) {
      await server.post('/admin/nodes', { node_id: id, provider: 'aws', gpu: 'a100' })
    }
  })
  afterAll(endAll)

  const open = (headers = {}) =>
    openStream(`${server.url}/admin/nodes/stream`, { 'X-Admin-Token': server.token, ...headers })
  const append = (id: string, ...entries: object[]) =>
    server.post(`/admin/nodes/${id}/logs`, entries)
  const about = (id: string) => (event: StreamEvent) =>
    event.event === 'node' && event.data.node_id === id

  it('begins with the nodes of now, the newest first, and says when these are told', async () => {
    const stream = await open()
    const ready = await stream.event('ready', ({ event }) => event === 'ready')
    const { nodes, count } = (await (await server.fetch('/admin/nodes')).json()) as {
      nodes: NodeRecord[]
      count: number
    }
    expect(stream.events.map(({ data }) => data)).toEqual([...nodes, ready.data])
    expect(ready.data).toEqual({ count, total: count })
    expect(nodes.map(({ node_id }) => node_id).slice(-3)).toEqual(['third', 'second', 'first'])
  })

  it('tells of a change with the whole record, of a new node, and of one that is deleted', async () => {
    const stream = await open()
    await stream.event('ready', ({ event }) => event === 'ready')
    const seen = stream.events.length
    await append('first', { phase: 'provisioning', progress: 20, message: 'Launching on AWS' })
    const change = await stream.event(
      'the change',
      (e) => about('first')(e) && e.data.progress === 20,
    )
    expect(change.data).toEqual(await (await server.fetch('/admin/nodes/first')).json())

    await server.post('/admin/nodes', { node_id: 'short-lived', model: 'm' })
    const made = await stream.event('the new node', about('short-lived'))
    expect(made.data).toMatchObject({ status: 'launching', model: 'm' })
    await server.fetch('/admin/nodes/short-lived', { method: 'DELETE' })
    const deleted = await stream.event('its end', ({ event }) => event === 'deleted')
    expect(deleted.data).toEqual({ node_id: 'short-lived' })
    expect(stream.events.slice(seen).some(about('second')), 'a node that rests').toBe(false)
    expect(stream.events.every(({ id }) => id === '')).toBe(true)
  })

  it('asks for 1.5 to 4 s before a reconnect, shows that it is alive, and is not kept or packed', async () => {
    const { response, retries, comments, close } = await open({ 'Accept-Encoding': 'gzip, br' })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(response.headers.get('content-encoding')).toBeNull()
    await until('two heartbeats', () => comments.filter((text) => text === 'alive').length >= 2)
    expect(retries).toHaveLength(1)
    expect(retries[0]).toBeGreaterThanOrEqual(1500)
    expect(retries[0]).toBeLessThanOrEqual(4000)
    close()
  })

  it.each([
    ['without a token', { headers: { 'X-Admin-Token': '' } }, 401, 'missing admin token'],
    ['with a wrong one', { headers: { 'X-Admin-Token': 'wrong' } }, 401, 'invalid admin token'],
    ['to be written', { method: 'PUT' }, 405, 'PUT is not allowed here'],
    [
      'as JSON',
      { headers: { Accept: 'application/json' } },
      406,
      'only text/event-stream can be sent',
    ],
  ])('is refused %s', async (_how, init: RequestInit, status, message) => {
    const answer = await server.fetch('/admin/nodes/stream', init)
    expect([answer.status, await answer.json()]).toEqual([status, { error: { message } }])
  })

  it('is no node, and no node can be named so', async () => {
    const body = { node_id: 'stream', provider: 'local' }
    for (const path of ['/admin/nodes', '/admin/nodes/launch']) {
      const answer = await server.post(path, body)
      expect([answer.status, await answer.json()]).toEqual([
        400,
        { error: { message: `'node_id' must not be "stream"` } },
      ])
    }
  })

  it('answers HEAD with the head alone', async () => {
    const answer = await server.fetch('/admin/nodes/stream', { method: 'HEAD' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(await answer.text()).toBe('')
  })

  it('counts as a stream in the metrics', async () => {
    const streams = async () => {
      const text = await (await server.fetch('/metrics')).text()
      return Number(/^launchtail_streams (\d+)$/m.exec(text)?.[1])
    }
    await until('no stream', async () => (await streams()) === 0)
    const stream = await open()
    expect(await streams()).toBe(1)
    stream.close()
    await until('it to be gone', async () => (await streams()) === 0)
  })

  it('is carried on by the client over cuts, each time from the state of then', async () => {
    const proxy = await startProxy(Number(new URL(server.url).port))
    const baseUrl = `http://127.0.0.1:${proxy.port}`
    const away = new AbortController()
    onTestFinished(() => away.abort())
    const fleet = new Map<string, NodeRecord>()
    let readies = 0
    const reading = follow().catch(() => {})

    async function follow(): Promise<void> {
      const client = createClient({ baseUrl, token: server.token })
      // Draws the shortest of the waiting times.
      const events = client.streamNodes({ signal: away.signal, random: () => 0 })
      let told = new Set<string>()
      for await (const { event, data } of events) {
        if (event === 'node') fleet.set(data.node_id, data)
        if (event === 'node') told.add(data.node_id)
        if (event === 'deleted') fleet.delete(data.node_id)
        if (event !== 'ready') continue
        for (const id of fleet.keys()) if (!told.has(id)) fleet.delete(id)
        told = new Set()
        readies += 1
      }
    }
    await server.post('/admin/nodes', { node_id: 'gone-meanwhile' })
    await until('the first state', () => readies === 1 && fleet.has('gone-meanwhile'))
    for (let cut = 1; cut <= 5; cut += 1) {
      proxy.cutAll()
      await append('second', { phase: 'provisioning', progress: cut, message: `cut ${cut}` })
      if (cut === 5) await server.fetch('/admin/nodes/gone-meanwhile', { method: 'DELETE' })
      await until('the next state', () => readies === cut + 1)
      await until('the change', () => fleet.get('second')?.message === `cut ${cut}`)
    }
    // In the state of then, or told behind it.
    await until('the node that is gone to be', () => !fleet.has('gone-meanwhile'))
    expect([...fleet.keys()].sort()).toEqual(['first', 'second', 'third'])
    away.abort()
    await reading
  })

  it('ends with the server, and says when to come again', async () => {
    const own = await startServer()
    const stream = await openStream(`${own.url}/admin/nodes/stream`, { 'X-Admin-Token': own.token })
    await stream.event('ready', ({ event }) => event === 'ready')
    expect(await own.stop()).toBe(0)
    await stream.ended
    expect(stream.retries).toHaveLength(2)
    expect(stream.events.map(({ event }) => event)).toEqual(['ready'])
  })
})

describe('a fleet of 2,000 nodes that all change', () => {
  const SIZE = 2000
  const ids = Array.from({ length: SIZE }, (_, i) => `node-${i}`)

  it('reaches every reader with the last state of each; a slow one costs no memory and skips', {
    timeout: 60_000,
  }, async () => {
    const { launching, fleet, read } = await fleetOf(ids)
    const quick = await read()
    const slow = await read()
    await until('the nodes of now', () => quick.count('ready') === 1 && slow.count('ready') === 1)
    expect(quick.nodes().size).toBe(FLEET_SIZE)
    expect(quick.newest('ready')).toEqual({ count: FLEET_SIZE, total: SIZE })
    slow.pause()

    const rounds = 4
    let waiting = 0
    const joining = []
    for (let round = 1; round <= rounds; round += 1) {
      joining.push(read())
      await change(round)
      await launching.registry.flush()
      await until('the round to arrive', () => quick.reached(round) === SIZE)
      waiting = Math.max(waiting, slow.response.socket?.writableLength ?? 0)
    }
    expect(waiting, 'what waits for the slow one').toBeLessThan(1024 * 1024)
    expect(waiting, 'and something does').toBeGreaterThan(0)
    slow.resume()
    await until('the slow one to have all', () => slow.reached(rounds) === SIZE)
    expect(slow.count('node')).toBeLessThan(quick.count('node') - SIZE)
    for (const { node_id, progress } of quick.nodes().values()) {
      expect(slow.nodes().get(node_id)?.progress).toBe(progress)
    }

    // Who comes now gets the state of now.
    const late = await read()
    await until('the nodes of now', () => late.count('ready') === 1)
    expect(late.reached(rounds)).toBe(FLEET_SIZE)
    const joined = await Promise.all(joining)
    await until('who came meanwhile to have all', () =>
      joined.every((reader) => reader.reached(rounds) >= FLEET_SIZE),
    )
    for (const reader of [quick, slow, late, ...joined]) {
      expect(reader.wentBack(), 'states older than one before').toBe(0)
      reader.close()
    }
    await until('nobody to be left', () => fleet.readers() === 0)

    async function change(round: number): Promise<void> {
      // Long enough for the rounds to be more than what sockets hold on their way.
      const message = `round ${round}${'.'.repeat(2000)}`
      const draft = { phase: 'provisioning', progress: round, message } as const
      for (let from = 0; from < SIZE; from += 100) {
        const some = ids.slice(from, from + 100)
        await Promise.all(some.map((id) => launching.appender.append(id, [draft])))
        // As requests would.
        await new Promise(setImmediate)
      }
    }
  })

  it('costs few writes for many changes, whatever the number of entries behind them', async () => {
    const { launching, read } = await fleetOf(ids.slice(0, 200))
    const reader = await read()
    await until('the nodes of now', () => reader.count('ready') === 1)
    const socket = reader.response.socket as Socket
    let writes = 0
    const write = socket.write.bind(socket)
    socket.write = ((...args: Parameters<typeof write>) => {
      writes += 1
      return write(...args)
    }) as typeof write
    const drafts = [1, 2, 3, 4, 5].map((progress) => ({ message: 'on', progress }))
    await Promise.all(ids.slice(0, 200).map((id) => launching.appender.append(id, drafts)))
    await launching.registry.flush()
    await until('all changes', () => reader.reached(5) === 200)
    expect(writes).toBeLessThanOrEqual(20)
  })

  it('tells of one node at most four times a second, and always of its last state', async () => {
    const { launching, read } = await fleetOf(['busy'])
    const reader = await read()
    await until('the nodes of now', () => reader.count('ready') === 1)
    const before = reader.count('node')
    const start = performance.now()
    let progress = 0
    while (performance.now() - start < 800) {
      progress += 0.01
      await launching.appender.append('busy', [{ message: 'on', progress }])
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    await until('the last state', () => reader.nodes().get('busy')?.progress === progress)
    const elapsed = performance.now() - start
    expect(reader.count('node') - before).toBeLessThanOrEqual(Math.floor(elapsed / 250) + 1)
    expect(reader.count('node') - before).toBeGreaterThan(1)
  })

  it('begins again with what it has when records cannot be read for a while', async () => {
    let broken = false
    const { launching, read, faults } = await fleetOf(['one'], () => broken)
    const reader = await read()
    await until('the nodes of now', () => reader.count('ready') === 1)
    broken = true
    await launching.appender.append('one', [{ message: 'unseen', progress: 7 }])
    await until('the fault', () => faults.length > 0)
    expect(reader.nodes().get('one')?.progress).not.toBe(7)
    broken = false
    await until('the change', () => reader.nodes().get('one')?.progress === 7)
  })

  it('cuts a reader that takes nothing for 30 s, whatever its nodes have to say, and no other', async () => {
    let ahead = 0
    const now = () => performance.now() + ahead
    const wordy = ids.slice(0, 300)
    const { launching, fleet, read } = await fleetOf(wordy, undefined, { heartbeat: 400, now })
    const draft = { message: 'a long story'.repeat(5000), progress: 1 }
    const clean = { redacted: true }
    await Promise.all(wordy.map((id) => launching.appender.append(id, [draft], clean)))
    await launching.registry.flush()
    // It has not read on from the first nodes that were there when it came.
    const stuck = await read({ paused: true })
    const reader = await read()
    await until('the nodes of now', () => reader.count('ready') === 1)
    expect(stuck.response.socket?.writableLength).toBeGreaterThan(0)
    expect(stuck.response.socket?.writableLength).toBeLessThan(1024 * 1024)
    ahead = 20_000
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(fleet.readers()).toBe(2)
    ahead = 31_000
    await until('it to be cut', () => fleet.readers() === 1)
    await launching.appender.append('node-7', [{ message: 'on', progress: 2 }])
    await until('the other to go on', () => reader.nodes().get('node-7')?.progress === 2)
  })

  it('never follows a node by an older state of it, whatever comes while the nodes are told', async () => {
    const node = (id: string, progress: number) => ({ node_id: id, progress }) as NodeRecord
    let tellOf = (_nodeId: string) => {}
    let go = () => {}
    const going = new Promise<void>((resolve) => {
      go = resolve
    })
    const published = { count: 0 }
    const fleet = createFleet({
      registry: {
        count: async () => 2,
        watch(changed) {
          tellOf = changed
          return () => {}
        },
        async records(nodeIds) {
          published.count += 1
          return nodeIds.map((id) => node(id, 3))
        },
        async list({ cursor }) {
          if (cursor === undefined) {
            await going
            return { nodes: [node('one', 1)], cursor: 'next' }
          }
          // It has gone on since its change was read, and that is told of later.
          return { nodes: [node('two', 5)] }
        },
      },
      heartbeat: 60_000,
      timeout: 60_000,
      onFault: () => {},
    })
    const { read } = await serve(fleet)
    const reader = await read()
    tellOf('two')
    await until('the change to be read', () => published.count === 1)
    await new Promise((resolve) => setImmediate(resolve))
    go()
    await until('all', () => reader.count('ready') === 1 && reader.count('node') === 3)
    expect([reader.nodes().get('two')?.progress, reader.wentBack()]).toEqual([5, 0])
  })

  it('ends a stream in time, for it to be opened anew', async () => {
    const { read } = await fleetOf(['one'], undefined, { timeout: 300, heartbeat: 200 })
    const reader = await read()
    await until('its end', () => reader.ended())
    expect(reader.count('ready')).toBe(1)
  })
})

/** A fleet in this process, with a real server in front of it. */
async function fleetOf(
  ids: string[],
  broken: () => boolean = () => false,
  { timeout = 60_000, heartbeat = 60_000, now = () => performance.now() } = {},
) {
  const folder = temporaryFolder()
  const launching = await startLaunching({ folder })
  const { registry } = launching
  for (const nodeId of ids) await registry.create({ nodeId, about: { provider: 'aws' } })
  const faults: unknown[] = []
  const fleet = createFleet({
    registry: {
      ...registry,
      async records(nodeIds) {
        if (broken()) throw new Error('the records are away')
        return registry.records(nodeIds)
      },
    },
    heartbeat,
    timeout,
    now,
    onFault: (...fault) => faults.push(fault),
  })
  onTestFinished(async () => {
    await launching.stop()
    removeFolder(folder)
  })
  return { launching, fleet, faults, ...(await serve(fleet)) }
}

/** A server that has nothing but the fleet's stream. */
async function serve(fleet: Fleet) {
  const responses: ServerResponse[] = []
  const server = createServer((_request, response) => {
    responses.push(response)
    void fleet.open(() => response.writeHead(200, streamHeaders(FORMATS.sse)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => {
    await fleet.drain(0)
    server.closeAllConnections()
    server.close()
  })
  return { read }

  async function read({ paused = false } = {}) {
    const asked = request({ port, host: '127.0.0.1', agent: false })
    asked.end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const nodes = new Map<string, NodeRecord>()
    const counts: Record<string, number> = {}
    const last: Record<string, unknown> = {}
    let rest = ''
    let ended = false
    let wentBack = 0
    answer.setEncoding('utf8')
    // A listener sets it going.
    if (paused) answer.pause()
    answer.on('data', (text: string) => {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    })
    answer.on('end', () => {
      ended = true
    })
    // The test cuts it itself.
    answer.on('error', () => {})

    function take(block: string): void {
      const [, event = '', json = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? []
      if (event === '') return
      const { data } = { event, data: JSON.parse(json) } as NodesEvent
      counts[event] = (counts[event] ?? 0) + 1
      last[event] = data
      if (event !== 'node') return
      const node = data as NodeRecord
      if (node.progress < (nodes.get(node.node_id)?.progress ?? 0)) wentBack += 1
      nodes.set(node.node_id, node)
    }
    return {
      response: responses.at(-1) as ServerResponse,
      nodes: () => nodes,
      count: (event: string) => counts[event] ?? 0,
      newest: (event: string) => last[event],
      /** How many nodes are known to have come this far. */
      reached: (progress: number) =>
        [...nodes.values()].filter((node) => node.progress >= progress).length,
      wentBack: () => wentBack,
      ended: () => ended,
      pause: () => void answer.pause(),
      resume: () => void answer.resume(),
      close: () => asked.destroy(),
    }
  }
}
