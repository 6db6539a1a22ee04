import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  endAll,
  type RunningRedis,
  type RunningServer,
  redisCli,
  type ServerOptions,
  startRedis,
  startServer,
  until,
} from './support/processes.js'
import { startProxy } from './support/proxy.js'
import { parseStream, type Reading, readToEnd } from './support/reading.js'
import { seededRandom } from './support/seed.js'
import { openStream, type StreamEvent } from './support/stream.js'

const random = seededRandom('cuts')

const HEARTBEAT = 200

afterAll(endAll)

for (const store of ['SQLite', 'Redis'] as const) {
  describe(`a stream on ${store}`, () => {
    let redis: RunningRedis
    let server: RunningServer

    beforeAll(async () => {
      if (store === 'Redis') redis = await startRedis(['--appendfsync', 'no'])
      server = await start()
    })

    function start({ env, ...options }: ServerOptions = {}): Promise<RunningServer> {
      const base = { LAUNCHTAIL_HEARTBEAT: `${HEARTBEAT}ms`, LAUNCHTAIL_LOG_LEVEL: 'error' }
      const where = store === 'Redis' ? { REDIS_URL: redis.url } : {}
      return startServer({ ...options, env: { ...base, ...where, ...env } })
    }

    async function newNode(on = server): Promise<string> {
      const answer = await on.post('/admin/nodes', {})
      expect(answer.status).toBe(201)
      return ((await answer.json()) as { node_id: string }).node_id
    }

    async function send(id: string, entries: object[], on = server): Promise<void> {
      const answer = await on.post(`/admin/nodes/${id}/logs`, entries)
      expect(answer.status).toBe(202)
    }

    function address(id: string, query = '', base = server.url): string {
      return `${base}/admin/nodes/${id}/logs/stream?${query}`
    }

    function headersFor(lastId = ''): Record<string, string> {
      return { 'X-Admin-Token': server.token, ...(lastId !== '' && { 'Last-Event-ID': lastId }) }
    }

    /** Follows a node; `after` is the id the reader has seen last. */
    function open(id: string, query = '', { after = '', on = server } = {}) {
      return openStream(address(id, query, on.url), headersFor(after))
    }

    /** Reads what ends by itself. */
    function read(id: string, query = '', after = ''): Promise<Reading> {
      return readToEnd(address(id, query), headersFor(after))
    }

    async function listed(id: string): Promise<Record<string, unknown>[]> {
      const answer = await server.fetch(`/admin/nodes/${id}/logs?tail=all`)
      return ((await answer.json()) as { logs: Record<string, unknown>[] }).logs
    }

    /** Takes the list away as time would. */
    async function removeList(id: string): Promise<void> {
      await redisCli(redis.port, ['DEL', `node_logs:${id}`])
    }

    // --- Cut and resumed --------------------------------------------------------------------------

    it('gives each event once whatever byte it is cut at', { timeout: 90_000 }, async () => {
      const id = await newNode()
      await send(id, [
        { message: 'Provisioning “größer”', phase: 'provisioning', progress: 10 },
        { message: 'no capacity', level: 'error', details: 'us-west-2', progress: 20 },
        { message: 'ready at http://10.0.0.1:8000', phase: 'active', progress: 100 },
      ])
      const whole = await read(id)
      expect(namesOf(whole.events)).toEqual(
        ['log', 'status', 'log', 'status', 'error', 'log', 'status', 'done'], // of three entries
      )
      const proxy = await startProxy(portOf(server))
      const base = `http://127.0.0.1:${proxy.port}`
      const seen = new Set<string>()
      let cuts = 0
      for (let complete = false; !complete; cuts += 1) {
        proxy.cutAfter(cuts)
        const first = await readToEnd(address(id, '', base), headersFor())
        const rest = await read(id, '', first.lastId)
        complete = first.events.at(-1)?.event === 'done'
        seen.add(first.lastId)
        expect(rest.status, `cut after ${cuts} bytes`).toBe(complete ? 204 : 200)
        expect([...first.events, ...rest.events], `cut after ${cuts} bytes`).toEqual(whole.events)
      }
      // Nothing, the start, and each of the eight events was the last thing seen at some byte.
      expect(seen.size).toBe(2 + whole.events.length)
      expect(cuts).toBeGreaterThan(1000)
    })

    it('gives each of 3,000 entries once, cut at random', { timeout: 60_000 }, async () => {
      const id = await newNode()
      await send(id, [...entries(0, 2999), { message: 'up', phase: 'active' }])
      const whole = await read(id, 'tail=all')
      const proxy = await startProxy(portOf(server))
      const { events, cuts } = await readThroughCuts(id, proxy, 25_000)
      expect(idsOf(events)).toEqual(idsOf(whole.events))
      expect(messagesOf(events)).toEqual((await listed(id)).map((entry) => entry.message))
      expect(cuts).toBeGreaterThan(20)
    })

    it('gives each of 10,000 entries once, cut at 200 random bytes while they are written', {
      timeout: 90_000,
    }, async () => {
      const id = await newNode()
      const proxy = await startProxy(portOf(server))
      const written = write()
      const { events, cuts } = await readThroughCuts(id, proxy, 12_000)
      await written
      expect(cuts).toBeGreaterThanOrEqual(200)
      const logs = events.filter((event) => event.event === 'log')
      expect(logs.map((event) => Number.parseInt(event.id, 10))).toEqual(upTo(10_000))
      expect(messagesOf(events)).toEqual((await listed(id)).map((entry) => entry.message))
      expect(events.filter((event) => event.event === 'gap')).toEqual([])
      expect(idsOf(events)).toEqual(idsOf((await read(id, 'tail=all')).events))

      async function write(): Promise<void> {
        for (let from = 0; from < 9990; from += 30) await send(id, entries(from, from + 30))
        await send(id, [...entries(9990, 9999), { message: 'up', phase: 'active' }])
      }
    })

    /** Reads to `done`, however often the connection is cut. */
    async function readThroughCuts(
      id: string,
      proxy: Awaited<ReturnType<typeof startProxy>>,
      upToBytes: number,
    ) {
      const events: StreamEvent[] = []
      let lastId = ''
      for (let cuts = 0; ; cuts += 1) {
        proxy.cutAfter(Math.ceil(random() * upToBytes))
        const url = address(id, 'tail=all', `http://127.0.0.1:${proxy.port}`)
        const reading = await readToEnd(url, headersFor(lastId))
        events.push(...reading.events)
        if (reading.events.at(-1)?.event === 'done') return { events, cuts }
        lastId = reading.lastId || lastId
      }
    }

    it('gives a reader without history what came while it was cut off before its first event', async () => {
      const id = await newNode()
      await send(id, [{ message: 'before' }])
      const reader = await open(id, 'tail=0')
      await until('a cursor', () => reader.lastId() !== '')
      expect(reader.messages()).toEqual([])
      reader.close()
      await send(id, [{ message: 'during' }])
      const again = await open(id, 'tail=0', { after: reader.lastId() })
      await again.event('what came', ({ data }) => data.message === 'during')
      await send(id, [{ message: 'after' }])
      await again.event('what comes', ({ data }) => data.message === 'after')
      expect(again.messages()).toEqual(['during', 'after'])
    })

    it('gives a reader of errors what came while it was cut off before its first event', async () => {
      const id = await newNode()
      await send(id, [{ message: 'hidden' }])
      const reader = await open(id, 'level=error')
      await until('a cursor behind the hidden entry', () => reader.lastId().startsWith('0:'))
      expect(reader.events).toEqual([])
      reader.close()
      await send(id, [{ message: 'hidden too' }, { message: 'bad', level: 'error' }])
      const again = await open(id, 'level=error', { after: reader.lastId() })
      await again.event('the error', ({ event }) => event === 'error')
      expect(again.messages()).toEqual(['bad'])
      expect(again.events[0]?.id).toMatch(/^2:[0-9a-f]{8}:log$/)
    })

    it('goes on from the cursor of the JSON answer without gap or overlap', async () => {
      const id = await newNode()
      await send(id, entries(0, 5))
      const answer = await server.fetch(`/admin/nodes/${id}/logs?tail=2`)
      const cursor = answer.headers.get('Log-Cursor') ?? ''
      await send(id, [{ message: 'next' }])
      const reader = await open(id, '', { after: cursor })
      await reader.event('the next', ({ data }) => data.message === 'next')
      expect(reader.messages()).toEqual(['next'])
    })

    it('takes the id from the address too, and the header before it', async () => {
      const id = await newNode()
      await send(id, [...entries(0, 4), { message: 'up', phase: 'active' }])
      const { events } = await read(id)
      const [, second, third] = events.map((event) => event.id)
      for (const name of ['last_event_id', 'lastEventId']) {
        const reading = await read(id, `tail=1&since=1s&${name}=${second}`)
        expect(messagesOf(reading.events)).toEqual(['entry 2', 'entry 3', 'up'])
      }
      const reading = await read(id, `last_event_id=${second}`, third)
      expect(messagesOf(reading.events)).toEqual(['entry 3', 'up'])
    })

    // --- Gaps -------------------------------------------------------------------------------------

    it('tells of a gap for an id that is none of ours, and gives all that is kept', async () => {
      const id = await newNode()
      await send(id, entries(0, 2))
      const foreign = ['17', '-1', '01:abcdef01:log', '0:ABCDEF01:log', '9007199254740993:x:log']
      for (const lastId of [...foreign, '<img src=x>\u001b[31m', 'x'.repeat(10_000)]) {
        const reader = await open(id, 'tail=0', { after: encodeURI(lastId) })
        await reader.event('the newest', ({ data }) => data.message === 'entry 1')
        const [gap] = reader.events
        expect(gap?.event).toBe('gap')
        expect(gap?.data).toMatchObject({ reason: 'unknown', resumed_from: '-1:0:log', missed: 0 })
        expect(gap?.data.requested).toMatch(/^[A-Za-z0-9:_-]{0,64}$/)
        expect(reader.messages()).toEqual(['entry 0', 'entry 1'])
        reader.close()
      }
    })

    it('tells of a gap for the id of another node, or one that is beyond the end', async () => {
      const [id, other] = [await newNode(), await newNode()]
      await send(id, entries(0, 2))
      await send(other, [{ message: 'elsewhere' }, { message: 'up', phase: 'active' }])
      const foreign = idsOf((await read(other)).events)
      for (const lastId of [...foreign, '999999999999999:0123abcd:log', '5:0123abcd:done']) {
        const reader = await open(id, '', { after: lastId })
        await reader.event('the newest', ({ data }) => data.message === 'entry 1')
        expect(reader.events[0]).toMatchObject({
          event: 'gap',
          data: { requested: lastId, reason: 'rewritten', resumed_from: '-1:0:log' },
        })
        expect(reader.messages()).toEqual(['entry 0', 'entry 1'])
        reader.close()
      }
    })

    it('tells of a gap once the list has expired, and of what is in the one after it', async () => {
      const brief = await start({ env: { LAUNCHTAIL_RETENTION: '1s' } })
      const id = await newNode(brief)
      await send(id, entries(0, 3), brief)
      const cursor = await cursorOn(brief, id)
      await until('the list to expire', async () => (await cursorOn(brief, id)) === '-1:0:log')
      const reader = await open(id, '', { after: cursor, on: brief })
      const gap = await reader.event('a gap', ({ event }) => event === 'gap')
      expect(gap.data).toEqual({
        requested: cursor,
        resumed_from: '-1:0:log',
        missed: 3,
        reason: 'expired',
      })
      await send(id, [{ message: 'anew' }], brief)
      await reader.event('the new entry', ({ data }) => data.message === 'anew')
      expect(reader.messages()).toEqual(['anew'])
      const late = await open(id, '', { after: cursor, on: brief })
      expect((await late.event('a gap', ({ event }) => event === 'gap')).data).toMatchObject({
        missed: 2,
        reason: 'rewritten',
      })
    })

    async function cursorOn(on: RunningServer, id: string): Promise<string> {
      const answer = await on.fetch(`/admin/nodes/${id}/logs`)
      return answer.headers.get('Log-Cursor') ?? ''
    }

    if (store === 'Redis') {
      it('tells connected readers of a gap when another program deletes the list', async () => {
        const { id, reader } = await watched()
        await removeList(id)
        const gap = await reader.event('a gap', ({ event }) => event === 'gap')
        expect(gap.data).toMatchObject({ reason: 'expired', missed: 5 })
        await send(id, [{ message: 'anew' }])
        await reader.event('the new entry', ({ data }) => data.message === 'anew')
        expect(reader.messages().slice(5)).toEqual(['anew'])
      })

      it('tells connected readers of a gap when another program cuts the list', async () => {
        const { id, reader, ids } = await watched()
        await redisCli(redis.port, ['LTRIM', `node_logs:${id}`, '-2', '-1'])
        const gap = await reader.event('a gap', ({ event }) => event === 'gap')
        expect(gap.data).toMatchObject({ requested: ids[4], reason: 'rewritten', missed: 3 })
        await until('what is kept', () => reader.messages().length === 7)
        expect(reader.messages().slice(5)).toEqual(['entry 3', 'entry 4'])
        expect(reader.events.at(-1)?.id).toMatch(/^1:/)
      })

      it('tells connected readers of a gap when another program rewrites the newest entry', async () => {
        const { id, reader, ids } = await watched()
        await redisCli(redis.port, ['LSET', `node_logs:${id}`, '-1', foreign('rewritten')])
        const gap = await reader.event('a gap', ({ event }) => event === 'gap')
        expect(gap.data).toMatchObject({ requested: ids[4], reason: 'rewritten', missed: 0 })
        await reader.event('the rewritten entry', ({ data }) => data.message === 'rewritten')
        expect(reader.messages().slice(5)).toEqual(
          ['entry 0', 'entry 1', 'entry 2', 'entry 3', 'rewritten'], // all that is kept
        )
      })

      it('tells a resuming reader of a gap when its entry was rewritten meanwhile', async () => {
        const { id, reader, ids } = await watched()
        reader.close()
        await redisCli(redis.port, ['LSET', `node_logs:${id}`, '2', foreign('rewritten')])
        await until('the stream to be closed', async () => (await openStreams(server)) === 0)
        const again = await open(id, '', { after: ids[2] as string })
        await again.event('the newest', ({ data }) => data.message === 'entry 4')
        expect(again.events[0]).toMatchObject({ event: 'gap', data: { reason: 'rewritten' } })
        expect(again.messages()).toEqual(['entry 0', 'entry 1', 'rewritten', 'entry 3', 'entry 4'])
        const untouched = await open(id, '', { after: ids[3] as string })
        await untouched.event('the newest', ({ data }) => data.message === 'entry 4')
        expect(namesOf(untouched.events)).toEqual(['log'])
      })

      it('gives connected readers the other list when theirs is replaced by a longer one', async () => {
        const { id, reader } = await watched()
        const others = upTo(9).map((i) => foreign(`other ${i}`))
        const key = `node_logs:${id}`
        const script = `redis.call('DEL', KEYS[1]) return redis.call('RPUSH', KEYS[1], unpack(ARGV))`
        await redisCli(redis.port, ['EVAL', script, '1', key, ...others])
        await reader.event('the last of them', ({ data }) => data.message === 'other 8')
        expect(reader.events[5]).toMatchObject({ event: 'gap', data: { reason: 'rewritten' } })
        expect(reader.messages().slice(5)).toEqual(upTo(9).map((i) => `other ${i}`))
        // And it is at the tip of that list.
        await send(id, [{ message: 'next' }])
        await reader.event('the next', ({ data }) => data.message === 'next')
        expect(reader.events.filter(({ event }) => event === 'gap')).toHaveLength(1)
      })
    }

    async function watched() {
      const id = await newNode()
      await send(id, entries(0, 5))
      const reader = await open(id)
      await until('the history', () => reader.messages().length === 5)
      return { id, reader, ids: idsOf(reader.events) }
    }

    // --- How it ends ------------------------------------------------------------------------------

    it('answers 204 to the id of a `done` as long as nothing has come after it', async () => {
      const id = await newNode()
      await send(id, [{ message: 'up', phase: 'active' }])
      const { lastId } = await read(id)
      expect(lastId).toMatch(/:done$/)
      const finished = await read(id, '', lastId)
      expect([finished.status, finished.text]).toEqual([204, ''])
      await send(id, [{ message: 'again', phase: 'queued' }])
      const reader = await open(id, '', { after: lastId })
      await reader.event('the new launch', ({ data }) => data.message === 'again')
      expect(namesOf(reader.events)).toEqual(['log'])
    })

    it('sends `done` for a launch that is over, whatever the reader asked to see', async () => {
      const id = await newNode()
      await send(id, [
        { message: 'Loading', phase: 'model_loading', progress: 70 },
        { message: 'Ready at http://10.0.0.1:8000', phase: 'active', progress: 100 },
      ])
      const done = {
        status: 'active',
        endpoint: 'http://10.0.0.1:8000',
        message: 'Ready at http://10.0.0.1:8000',
      }
      for (const query of ['', 'tail=0', 'level=error', 'since=2999-01-01T00:00:00Z', 'tail=1']) {
        const { events } = await read(id, query)
        expect(events.at(-1), query).toMatchObject({ event: 'done', data: done })
      }
      const resumed = await read(id, '', (await read(id)).events[0]?.id)
      expect(namesOf(resumed.events)).toEqual(['status', 'log', 'status', 'done'])
    })

    it('sends `done` to those who watch a launch end, and how it ended', async () => {
      const id = await newNode()
      await send(id, [{ message: 'begun', phase: 'provisioning', progress: 10 }])
      const readers = await Promise.all(['', 'tail=0', 'level=warn'].map((q) => open(id, q)))
      for (const reader of readers) await until('a cursor', () => reader.lastId() !== '')
      await send(id, [{ message: 'broken', level: 'error', phase: 'failed' }])
      for (const reader of readers) {
        await reader.ended
        expect(namesOf(reader.events).slice(-3)).toEqual(['log', 'error', 'done'])
        expect(reader.events.at(-1)?.data).toEqual({ status: 'failed', message: 'broken' })
      }
    })

    it('sends `done` from the record when the log of a launch that is over has expired', async () => {
      const brief = await start({ env: { LAUNCHTAIL_RETENTION: '1s' } })
      const id = await newNode(brief)
      await send(id, [{ message: 'up http://10.1.1.1:80', phase: 'active' }], brief)
      await until('the list to expire', async () => {
        const answer = await brief.fetch(`/admin/nodes/${id}/logs`)
        return answer.headers.get('Log-Expired') === 'true'
      })
      for (const query of ['', 'tail=0', 'follow=false']) {
        const { events, lastId } = await readToEnd(address(id, query, brief.url), headersFor())
        expect(events.at(-1)?.data, query).toMatchObject({
          status: 'active',
          endpoint: 'http://10.1.1.1:80',
        })
        const again = await readToEnd(address(id, query, brief.url), headersFor(lastId))
        expect(again.status).toBe(204)
      }
    })

    it('does not end for a launch that was followed by another one', async () => {
      const id = await newNode()
      await send(id, [
        { message: 'failed', phase: 'failed', level: 'error' },
        { message: 'again', phase: 'queued', progress: 0 },
      ])
      const reader = await open(id)
      await until('heartbeats', () => reader.comments.length >= 3)
      expect(namesOf(reader.events)).toEqual(['log', 'error', 'log', 'status'])
      expect(reader.events.at(-1)?.data).toMatchObject({ progress: 0 })
      await send(id, [{ message: 'up', phase: 'active' }])
      await reader.ended
      expect(reader.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'active' } })
    })

    it('decides by the newest entry alone when one request brings a whole launch and a new one', async () => {
      const id = await newNode()
      const reader = await open(id)
      await send(id, [
        { message: 'up', phase: 'active' },
        { message: 'again', phase: 'queued' },
      ])
      await reader.event('the new launch', ({ data }) => data.message === 'again')
      await send(id, [{ message: 'going on' }])
      await reader.event('what follows', ({ data }) => data.message === 'going on')
      expect(namesOf(reader.events)).toEqual(['log', 'log', 'log'])
    })

    it('begins with the state of now where there is no history asked for', async () => {
      const id = await newNode()
      const nothing = await open(id, 'tail=0')
      await until('heartbeats', () => nothing.comments.length >= 2)
      expect(nothing.events).toEqual([])
      await send(id, [
        { message: 'Installing', phase: 'installing', progress: 62 },
        { message: 'still', level: 'debug' },
      ])
      const reader = await open(id, 'tail=0')
      const first = await until('the first event', () => reader.events[0])
      expect(first).toMatchObject({
        event: 'status',
        data: { phase: 'installing', progress: 62, message: 'still' },
      })
      // Its id is that of the newest entry: nothing is sent again after it.
      const again = await open(id, '', { after: first.id })
      await send(id, [{ message: 'next' }])
      for (const stream of [reader, again]) {
        await stream.event('the next', ({ data }) => data.message === 'next')
        expect(stream.messages()).toEqual(['next'])
      }
    })

    it('ends after the history with `follow=false`, and says where the node is', async () => {
      const id = await newNode()
      await send(id, [{ message: 'Loading', phase: 'model_loading', progress: 70 }])
      const { events, lastId } = await read(id, 'follow=false')
      expect(namesOf(events)).toEqual(['log', 'status', 'done'])
      const message = 'Log stream complete (follow=false)'
      expect(events.at(-1)?.data).toEqual({ status: 'launching', message })
      expect((await read(id, 'follow=false', lastId)).status).toBe(204)
      // Who then follows after all goes on from there.
      const reader = await open(id, '', { after: lastId })
      await send(id, [{ message: 'up', phase: 'active' }])
      await reader.ended
      expect(namesOf(reader.events)).toEqual(['log', 'done'])
      const over = await read(id, 'follow=false&tail=1')
      expect(over.events.at(-1)?.data).toEqual({ status: 'active', message })
    })

    it('is ended for rotation without `done`, and goes on exactly', async () => {
      const rotating = await start({ env: { LAUNCHTAIL_STREAM_TIMEOUT: '1s' } })
      const id = await newNode(rotating)
      const events: StreamEvent[] = []
      let lastId = ''
      const began = performance.now()
      let rounds = 0
      const reading = (async () => {
        for (;;) {
          const round = await readToEnd(address(id, 'tail=all', rotating.url), headersFor(lastId))
          lastId = round.lastId
          events.push(...round.events)
          if (round.events.at(-1)?.event === 'done') return
          rounds += 1
        }
      })()
      let count = 0
      for (; rounds < 3; count += 1) await send(id, entries(count, count + 1), rotating)
      expect(performance.now() - began).toBeGreaterThan(3 * 900 - 100)
      await send(id, [{ message: 'up', phase: 'active' }], rotating)
      await reading
      expect(messagesOf(events)).toEqual([...upTo(count).map((i) => `entry ${i}`), 'up'])
      expect(namesOf(events).filter((name) => name !== 'log')).toEqual(['done'])
    })

    it('tells when the node is terminated or deleted while it is watched', async () => {
      const [terminated, deleted] = [await newNode(), await newNode()]
      await send(terminated, entries(0, 1))
      await send(deleted, entries(0, 1))
      const [first, second] = [await open(terminated), await open(deleted, 'tail=0')]
      await until('both to be at the tip', () => first.lastId() && second.lastId())
      await server.post(`/admin/nodes/${terminated}/terminate`, '')
      expect((await server.fetch(`/admin/nodes/${deleted}`, { method: 'DELETE' })).status).toBe(204)
      await Promise.all([first.ended, second.ended])
      expect(first.events.at(-1)).toMatchObject({ event: 'done', data: { status: 'terminated' } })
      expect(second.events.slice(-2)).toMatchObject([
        { event: 'error', data: { error: 'node deleted' } },
        { event: 'done', data: { status: 'deleted' } },
      ])
      expect((await read(deleted)).status).toBe(404)
    })

    if (store === 'Redis') {
      it('tells the readers of another replica when the node is terminated or deleted', async () => {
        const replica = await start()
        const [terminated, deleted] = [await newNode(), await newNode()]
        await send(terminated, entries(0, 1))
        await send(deleted, entries(0, 1))
        const there = { on: replica }
        const [first, second] = [await open(terminated, '', there), await open(deleted, '', there)]
        await until('both to be at the tip', () => first.messages()[0] && second.messages()[0])
        await server.post(`/admin/nodes/${terminated}/terminate`, '')
        await server.fetch(`/admin/nodes/${deleted}`, { method: 'DELETE' })
        await Promise.all([first.ended, second.ended])
        expect(first.events.at(-1)?.data).toMatchObject({ status: 'terminated' })
        expect(second.events.at(-1)?.data).toMatchObject({ status: 'deleted' })
      })
    }

    // --- What it looks like -----------------------------------------------------------------------

    it('opens with the cursor and one retry, and every heartbeat carries the cursor of now', async () => {
      const id = await newNode()
      const reader = await open(id)
      expect(Object.fromEntries(reader.response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      })
      await until('the opening', () => reader.lastId() !== '')
      const opening = /^: cursor -1:0:log\nretry: (\d+)\n\nid: -1:0:log\n\n/.exec(reader.text())
      expect(Number(opening?.[1])).toBeGreaterThanOrEqual(1500)
      expect(Number(opening?.[1])).toBeLessThanOrEqual(4000)
      await send(id, [{ message: 'one', progress: 5 }])
      const status = await reader.event('its status', ({ event }) => event === 'status')
      const beat = `: cursor ${status.id}\n\nid: ${status.id}\n\n`
      await until('two heartbeats', () => reader.text().split(beat).length > 2)
      expect(reader.lastId()).toBe(status.id)
      expect(reader.retries).toHaveLength(1)
      const unseen = await open(id, 'tail=0')
      await until('its own cursor', () => unseen.lastId() === status.id)
    })

    it('thins out `log` alone by level', async () => {
      const id = await newNode()
      const sent = [
        { message: 'one', level: 'info', progress: 1 },
        { message: 'two', level: 'warn', progress: 2 },
        { message: 'three', level: 'debug' },
        { message: 'four', level: 'error', details: 'why', progress: 4 },
      ]
      await send(id, sent.slice(0, 2))
      const readers = await Promise.all(
        ['error', 'warn', 'debug,info'].map((level) => open(id, `level=${level}`)),
      )
      for (const reader of readers) await until('a cursor', () => reader.lastId() !== '')
      await send(id, sent.slice(2))
      const shown = [['four'], ['two', 'four'], ['one', 'three']]
      for (const [i, reader] of readers.entries()) {
        await reader.event('the error', ({ event }) => event === 'error')
        expect(reader.messages()).toEqual(shown[i])
        const others = reader.events.filter(({ event }) => event !== 'log')
        expect(others.at(-1)?.data).toEqual({ error: 'four', details: 'why', phase: 'queued' })
        const statuses = others.slice(0, -1).map(({ data }) => data.progress)
        // History begins with the first entry that is shown; from there on every status comes.
        expect(statuses).toEqual([1, 2, 4].slice(-statuses.length))
        expect(statuses).toContain(4)
      }
    })

    it('gives the same events as lines of JSON', async () => {
      const id = await newNode()
      await send(id, [
        { message: 'line\nend', progress: 0 },
        { message: 'up', phase: 'active' },
      ])
      const { events } = await read(id)
      const answer = await server.fetch(`/admin/nodes/${id}/logs/stream`, {
        headers: { Accept: 'application/x-ndjson' },
      })
      expect(answer.headers.get('Content-Type')).toMatch(/^application\/x-ndjson/)
      const lines = (await answer.text()).trimEnd().split('\n')
      const [opening, ...rest] = lines.map((line) => JSON.parse(line))
      expect(opening).toEqual({ event: 'cursor', id: '-1:0:log', data: {} })
      expect(rest).toEqual(events)
    })

    it('gives one readable line an entry as plain text', async () => {
      const id = await newNode()
      const timestamp = '2024-01-15T10:30:00Z'
      await send(id, [
        { timestamp, message: 'two\nlines\u001b]52;c;eA==\u0007 \u001b[31mred', progress: 7 },
        { timestamp, message: 'no room', level: 'error', details: 'us-west-2' },
        { timestamp, message: 'up\tnow', phase: 'active' },
      ])
      const answer = await server.fetch(`/admin/nodes/${id}/logs/stream`, {
        headers: { Accept: 'text/plain' },
      })
      expect(answer.headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
      expect((await answer.text()).split('\n')).toEqual([
        '2024-01-15T10:30:00Z INFO  [queued 7%] two lines red',
        '2024-01-15T10:30:00Z ERROR [queued] no room (us-west-2)',
        '2024-01-15T10:30:00Z INFO  [active] up\tnow',
        '-- done: active up\tnow',
        '',
      ])
    })

    it('answers HEAD with the headers and 406 to who accepts none of the formats', async () => {
      const id = await newNode()
      const head = await server.fetch(`/admin/nodes/${id}/logs/stream`, { method: 'HEAD' })
      expect([head.status, head.headers.get('Content-Type')]).toEqual([
        200,
        'text/event-stream; charset=utf-8',
      ])
      const headers = { Accept: 'image/png' }
      const refused = await server.fetch(`/admin/nodes/${id}/logs/stream`, { headers })
      expect(refused.status).toBe(406)
    })
  })
}

describe('the parser of these tests', () => {
  it('counts a block, and its id, only when its blank line is there', () => {
    const text = 'event: log\ndata: {}\nid: 1:00000000:log\n\nevent: log\ndata: {}\nid: 2:0'
    expect(parseStream(text)).toMatchObject({ events: [{ id: '1:00000000:log' }] })
    expect(parseStream(text).lastId).toBe('1:00000000:log')
  })
})

function entries(from: number, to: number): object[] {
  return upTo(to - from).map((i) => ({ message: `entry ${from + i}` }))
}

/** As another program writes it. */
function foreign(message: string): string {
  const timestamp = '2024-01-15T10:30:00Z'
  return JSON.stringify({ timestamp, level: 'info', message, phase: 'queued' })
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function namesOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ event }) => event)
}

function idsOf(events: readonly StreamEvent[]): string[] {
  return events.map(({ id }) => id)
}

function messagesOf(events: readonly StreamEvent[]): unknown[] {
  return events.filter(({ event }) => event === 'log').map(({ data }) => data.message)
}

function portOf({ url }: RunningServer): number {
  return Number(new URL(url).port)
}

async function openStreams(server: RunningServer): Promise<number> {
  const metrics = await (await server.fetch('/metrics')).text()
  return Number(/^launchtail_streams (\d+)/m.exec(metrics)?.[1])
}
