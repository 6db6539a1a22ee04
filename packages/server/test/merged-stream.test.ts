import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLaunches, doneIn, expectEachOnce, nodesOf } from './support/merged-launches.js'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  type ServerOptions,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { readToEnd } from './support/reading.js'
import { seededRandom } from './support/seed.js'
import { openStream, type StreamEvent } from './support/stream.js'

const random = seededRandom('merged')

afterAll(endAll)

for (const store of ['SQLite', 'Redis'] as const) {
  describe(`the stream of many nodes on ${store}`, () => {
    let redis: RunningRedis
    let server: RunningServer

    beforeAll(async () => {
      if (store === 'Redis') redis = await startRedis(['--appendfsync', 'no'])
      server = await start()
    })

    function start({ env, ...options }: ServerOptions = {}): Promise<RunningServer> {
      const base = { LAUNCHTAIL_HEARTBEAT: '200ms', LAUNCHTAIL_LOG_LEVEL: 'error' }
      const where = store === 'Redis' ? { REDIS_URL: redis.url } : {}
      return startServer({ ...options, env: { ...base, ...where, ...env } })
    }

    async function newNode(on = server, about: object = {}): Promise<string> {
      const answer = await on.post('/admin/nodes', about)
      expect(answer.status).toBe(201)
      return ((await answer.json()) as { node_id: string }).node_id
    }

    async function send(id: string, entries: object[], on = server): Promise<void> {
      const answer = await on.post(`/admin/nodes/${id}/logs`, entries)
      expect(answer.status).toBe(202)
    }

    function address(query: string, base = server.url): string {
      return `${base}/admin/logs/stream?${query}`
    }

    function headersFor(lastId = ''): Record<string, string> {
      return { 'X-Admin-Token': server.token, ...(lastId !== '' && { 'Last-Event-ID': lastId }) }
    }

    function open(query: string, { after = '', on = server } = {}) {
      return openStream(address(query, on.url), headersFor(after))
    }

    function read(query: string, after = '') {
      return readToEnd(address(query), headersFor(after))
    }

    /** A server of its own, for a stream of all nodes. */
    function alone(env: Record<string, string> = {}): Promise<RunningServer> {
      return start({ env })
    }

    // --- Cut and resumed ------------------------------------------------------------------------

    it('gives each event of 50 launches once, cut at 200 random bytes while they join and end', {
      timeout: 180_000,
    }, async () => {
      const on = await alone()
      const proxy = await startProxy(Number(new URL(on.url).port))
      const launches = createLaunches(on, random)
      // The stream is not read from before its beginning.
      await launches.begin()
      const events: StreamEvent[] = []
      let lastId = ''
      let cuts = 0
      // The stream begins before the others join.
      await readUntilCut(700)
      const read = () => events.filter(({ event }) => event === 'log').length
      const writing = launches.run(() => cuts >= 200, read)
      for (; ; cuts += 1) {
        await readUntilCut(Math.ceil(random() * 14_000))
        if (doneIn(events).length === 50) break
      }
      await writing
      expect(cuts).toBeGreaterThanOrEqual(200)
      console.log(`${store}: ${events.length} events, ${cuts} cuts`)
      await expectEachOnce(events, launches.nodes(), on)
      expect(events.filter(({ event }) => event === 'gap')).toEqual([])
      const joined = events.filter(({ event }) => event === 'node')
      expect(joined.map(({ data }) => data.state)).toEqual(joined.map(() => 'joined'))
      expect(nodesOf(joined).sort()).toEqual(launches.nodes().slice(1).sort())

      async function readUntilCut(bytes: number): Promise<void> {
        proxy.cutAfter(bytes)
        const url = address('tail=all', `http://127.0.0.1:${proxy.port}`)
        const reading = await readToEnd(url, headersFor(lastId))
        events.push(...reading.events)
        lastId = reading.lastId || lastId
      }
    })

    it('goes on after a restart of the server', { timeout: 60_000 }, async () => {
      let on = await alone()
      const port = Number(new URL(on.url).port)
      const { dataDir } = on
      const launches = createLaunches(on, random, 12)
      await launches.begin()
      const events: StreamEvent[] = []
      let lastId = ''
      for (let round = 0; round < 4; round += 1) {
        const reader = await open('tail=all', { after: lastId, on })
        while (reader.events.length < 10) await launches.step()
        if (round % 2 === 0) await on.kill()
        else await on.stop()
        await reader.ended
        events.push(...reader.events)
        lastId = reader.lastId()
        on = await start({ dataDir, port })
        launches.use(on)
        launches.use(on)
      }
      const reader = await open('tail=all', { after: lastId, on })
      await launches.run(() => true)
      await until('all to be done', () => doneIn([...events, ...reader.events]).length === 12)
      await expectEachOnce([...events, ...reader.events], launches.nodes(), on)
    })

    it('sends the history anew after a gap for an id that is damaged or of another filter', async () => {
      const [one, two] = [await newNode(), await newNode()]
      const set = `node=${one},${two}`
      await send(one, [{ message: 'first' }, { message: 'second' }])
      await send(two, [{ message: 'third' }])
      const reader = await open(set)
      await reader.event('the newest', ({ data }) => data.message === 'third')
      const id = reader.lastId()
      reader.close()
      const damaged = `${id.slice(0, 20)}${id[20] === 'A' ? 'B' : 'A'}${id.slice(21)}`
      const ids = [damaged, 'x', '0:01234567:log', 'm', id.slice(0, -1)]
      for (const [query, after] of [
        ...ids.map((text) => [set, text] as const),
        [`${set}&q=first+OR+second+OR+third`, id] as const,
        [`node=${one}&node=${two}&level=info`, id] as const,
      ]) {
        const again = await open(query, { after })
        await again.event('the newest', ({ data }) => data.message === 'third')
        const [gap, ...rest] = again.events
        expect(gap).toMatchObject({ event: 'gap', data: { reason: 'unknown', missed: 0 } })
        expect(gap?.data.node_id).toBeUndefined()
        expect(gap?.data.resumed_from).toBe(gap?.id)
        expect(rest.map(({ data }) => data.message)).toEqual(['first', 'second', 'third'])
        again.close()
      }
      const same = await open(`node=${two}&node=${one}`, { after: id })
      await send(one, [{ message: 'fourth' }])
      await same.event('the next', ({ data }) => data.message === 'fourth')
      expect(same.messages()).toEqual(['fourth'])
    })

    it('takes an id of another server for none of its own, and sends the history anew', async () => {
      const [one, other] = [await alone(), await alone()]
      const id = await newNode(one)
      await send(id, [{ message: 'here' }], one)
      const reader = await open('tail=all', { on: one })
      await reader.event('the entry', ({ data }) => data.message === 'here')
      await send(await newNode(other), [{ message: 'there' }], other)
      const again = await open('tail=all', { after: reader.lastId(), on: other })
      await again.event('the entry', ({ data }) => data.message === 'there')
      expect(again.events[0]).toMatchObject({ event: 'gap', data: { reason: 'unknown' } })
      expect(again.messages()).toEqual(['there'])
    })

    it('ends with the last of a fixed set, and answers 204 to the id of the end', async () => {
      const [one, two, three] = [await newNode(), await newNode(), await newNode()]
      await send(one, [{ message: 'up', phase: 'active' }])
      const reader = await open(`node=${one}&node=${two},${three}`)
      await send(two, [{ message: 'no', phase: 'failed', level: 'error' }])
      await reader.event('the second end', ({ data }) => data.status === 'failed')
      const mid = reader.lastId()
      await send(three, [{ message: 'up too', phase: 'active' }])
      await reader.ended
      const end = reader.events.at(-1)
      expect(end).toMatchObject({ event: 'end', data: { nodes: { active: 2, failed: 1 } } })
      expect(nodesOf(doneIn(reader.events))).toEqual([one, two, three])
      const set = `node=${one},${two},${three}`
      expect((await read(set, end?.id)).status).toBe(204)
      const rest = await read(set, mid)
      expect(rest.events.map(({ event }) => event)).toEqual(['log', 'done', 'end'])
      expect(rest.events.at(-1)?.data).toEqual(end?.data)
      const last = rest.events.at(-2)
      expect((await read(set, last?.id)).events.map(({ event }) => event)).toEqual(['end'])
    })

    // --- What comes in which order ----------------------------------------------------------------

    it('merges the history by time, and keeps the order of a log whose clock steps back', async () => {
      const [one, two] = [await newNode(), await newNode()]
      const at = (second: number, message: string) => {
        return { timestamp: `2026-01-01T00:00:0${second}Z`, message }
      }
      await send(one, [at(1, 'a1'), at(5, 'a5'), at(2, 'a2'), at(7, 'a7'), upAt(9)])
      await send(two, [at(2, 'b2'), at(4, 'b4'), at(6, 'b6'), upAt(8)])
      const whole = await read(`node=${one},${two}&tail=all`)
      const all = ['a1', 'b2', 'b4', 'a5', 'a2', 'b6', 'a7', 'up', 'up']
      expect(messagesIn(whole.events)).toEqual(all)
      expect(messagesIn((await read(`node=${one},${two}`)).events)).toEqual(all)
      expect(messagesIn((await read(`node=${one},${two}&tail=4`)).events)).toEqual(all.slice(-4))
      expect(messagesIn((await read(`node=${one},${two}&tail=0`)).events)).toEqual([])
      const two2 = await read(`node=${one},${two}&tail_per_node=2`)
      expect(messagesIn(two2.events)).toEqual(['b6', 'a7', 'up', 'up'])
      const both = await read(`node=${one},${two}&tail_per_node=4&tail=5`)
      expect(messagesIn(both.events)).toEqual(['a2', 'b6', 'a7', 'up', 'up'])
      const since = await read(`node=${one},${two}&since=2026-01-01T00:00:05Z`)
      expect(messagesIn(since.events)).toEqual(['b6', 'a7', 'up', 'up'])
      const until = await read(`node=${one},${two}&until=2026-01-01T00:00:05Z`)
      expect(until.events.map(({ event }) => event)).toEqual(['log', 'log', 'log', 'log', 'log'])
      expect(
        (await read(`node=${one},${two}&until=2026-01-01T00:00:05Z`, until.lastId)).status,
      ).toBe(204)

      function upAt(second: number) {
        return { ...at(second, 'up'), phase: 'active' }
      }
    })

    it('thins out `log` alone, and tells what it has looked at in vain', async () => {
      const [one, two] = [await newNode(), await newNode()]
      const set = `node=${one},${two}`
      await send(one, [{ message: 'quiet' }, { message: 'quiet', progress: 5 }])
      await send(two, [{ message: 'quiet' }])
      const reader = await open(`${set}&q=oom`)
      await until('a count', () => reader.comments.includes('scanned=3 matched=0'))
      await send(two, [
        { message: 'quiet', level: 'error' },
        { message: 'OOM', progress: 9 },
      ])
      await reader.event(
        'the match',
        ({ event, data }) => event === 'status' && data.progress === 9,
      )
      expect(reader.messages()).toEqual(['OOM'])
      expect(reader.events.map(({ event }) => event).filter((name) => name !== 'log')).toEqual(
        reader.events.length === 4 ? ['status', 'error', 'status'] : ['error', 'status'],
      )
      const other = await open(`${set}&level=error`)
      await other.event('the error', ({ event }) => event === 'log')
      expect(other.events.map(({ event }) => event)).toEqual(['log', 'error', 'status'])
    })

    // --- Who is in it -----------------------------------------------------------------------------

    it('tells of nodes that enter and leave the phase that is asked for', async () => {
      const on = await alone()
      const [one, two] = [await newNode(on), await newNode(on)]
      await send(
        one,
        [
          { message: 'a', phase: 'provisioning' },
          { message: 'b', phase: 'installing' },
        ],
        on,
      )
      await send(two, [{ message: 'c', phase: 'provisioning' }], on)
      await until('the record', async () => (await phaseOf(two, on)) === 'provisioning')
      const reader = await open('phase=installing&tail=1', { on })
      await reader.event('the history', ({ data }) => data.message === 'b')
      await send(
        two,
        [
          { message: 'd', phase: 'provisioning' },
          { message: 'e', phase: 'installing' },
        ],
        on,
      )
      await reader.event('the second', ({ data }) => data.message === 'e')
      await send(one, [{ message: 'f', phase: 'model_loading' }], on)
      await reader.event('the first to leave', ({ data }) => data.state === 'left')
      await send(one, [{ message: 'g', phase: 'model_loading' }], on)
      await send(one, [{ message: 'h', phase: 'installing' }], on)
      await reader.event('the first again', ({ data }) => data.message === 'h')
      await send(two, [{ message: 'up', phase: 'active' }], on)
      await reader.event('its end', ({ event }) => event === 'done')
      const told = reader.events.map(({ data }) => data.message ?? data.state)
      expect(told).toEqual(['b', 'joined', 'e', 'f', 'left', 'joined', 'h', 'up', 'up'])
    })

    it('takes a node in again that is launched anew, with that launch alone', async () => {
      const on = await alone()
      const id = await newNode(on)
      await send(id, [{ message: 'one' }], on)
      const reader = await open('', { on })
      await send(id, [{ message: 'up', phase: 'active' }], on)
      await reader.event('its end', ({ event }) => event === 'done')
      await send(id, [{ message: 'not shown', phase: 'active' }], on)
      const away = reader.lastId()
      await send(
        id,
        [
          { message: 'two', phase: 'queued' },
          { message: 'no', phase: 'failed' },
        ],
        on,
      )
      await until('the second end', () => doneIn(reader.events).length === 2)
      const told = ['one', 'up', 'up', 'joined', 'two', 'no', 'no']
      expect(reader.events.map(({ data }) => data.message ?? data.state)).toEqual(told)
      const late = await open('', { after: away, on })
      await late.event('the second end', ({ event }) => event === 'done')
      expect(late.events.map(({ data }) => data.message ?? data.state)).toEqual(told.slice(3))
    })

    it('tells that a node was deleted, and takes in one that is created in its place', async () => {
      const on = await alone()
      const id = await newNode(on)
      await send(id, [{ message: 'old' }], on)
      const reader = await open('', { on })
      await reader.event('the old one', ({ data }) => data.message === 'old')
      const before = reader.lastId()
      await on.fetch(`/admin/nodes/${id}`, { method: 'DELETE' })
      await reader.event('its end', ({ data }) => data.status === 'deleted')
      await newNode(on, { node_id: id })
      await send(id, [{ message: 'new' }], on)
      await reader.event('the new one', ({ data }) => data.message === 'new')
      expect(reader.events.map(({ event }) => event)).toEqual([
        'log',
        'error',
        'done',
        'node',
        'log',
      ])
      const late = await open('', { after: before, on })
      await late.event('the new one', ({ data }) => data.message === 'new')
      expect(late.events.map(({ event }) => event)).toEqual(['error', 'done', 'node', 'log'])
      expect(new Set(late.events.map(({ data }) => data.node_id))).toEqual(new Set([id]))
    })

    it('refuses what it cannot send before the first byte', async () => {
      const id = await newNode()
      const refused = async (query: string, headers: Record<string, string> = {}) => {
        const answer = await server.fetch(`/admin/logs/stream?${query}`, { headers })
        const { error } = (await answer.json()) as { error: { message: string } }
        return `${answer.status} ${error.message}`
      }
      expect(await refused(`node=${id},nobody`)).toBe('404 node not found')
      expect(await refused('node=a b')).toBe("400 invalid 'node' value")
      expect(await refused('tail_per_node=x')).toBe("400 invalid 'tail_per_node' value")
      expect(await refused(`node=${id}&phase=queued`)).toBe(
        "400 'phase' and 'node' exclude each other",
      )
      expect(await refused('q=level:warning')).toContain('400 column 7')
      expect(await refused('', { Accept: 'text/plain' })).toContain('406')
      const head = await server.fetch('/admin/logs/stream', { method: 'HEAD' })
      expect([head.status, head.headers.get('content-type')]).toEqual([
        ...[200, 'text/event-stream; charset=utf-8'],
      ])
    })

    async function phaseOf(id: string, on: RunningServer): Promise<string> {
      return ((await (await on.fetch(`/admin/nodes/${id}`)).json()) as { phase: string }).phase
    }
  })
}

function messagesIn(events: readonly StreamEvent[]): string[] {
  return events.filter(({ event }) => event === 'log').map(({ data }) => String(data.message))
}
