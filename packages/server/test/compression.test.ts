import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import zlib from 'node:zlib'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRepeats } from '../src/async/repeats.js'
import { answerInPieces } from '../src/http/answer-pages.js'
import { createApp } from '../src/http/app.js'
import { createCors } from '../src/http/cors.js'
import { newNode } from './support/nodes.js'
import { ANYBODY } from './support/principals.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'

afterAll(endAll)

const UNPACK = { br: zlib.createBrotliDecompress, gzip: zlib.createGunzip }

describe.each(['br', 'gzip'] as const)('a long answer in %s', (coding) => {
  it('arrives while it is made', async () => {
    let arrived = false
    const answer = await asked(coding, async function* () {
      for (let n = 0; !arrived; n += 1) {
        if (n > 10_000) throw new Error('nothing has arrived')
        yield noise()
        await nextTurn()
      }
      yield 'the end'
    })
    const unpacked = answer.pipe(UNPACK[coding]())
    let text = ''
    for await (const chunk of unpacked) {
      arrived = true
      text += chunk
    }
    expect(text).toMatch(/the end$/)
  })

  it('is made no faster than its reader takes it', async () => {
    let made = 0
    const answer = await asked(coding, async function* () {
      for (;;) {
        made += 1
        yield noise()
        await nextTurn()
      }
    })
    answer.pause()
    let before = -1
    await until('it to wait for its reader', async () => {
      const waits = made === before
      before = made
      await new Promise((resolve) => setTimeout(resolve, 500))
      return waits
    })
    answer.resume()
    await until('it to go on', () => made > before)
  })

  it('is not made any more when its reader has left', async () => {
    let ended = false
    const answer = await asked(coding, async function* () {
      try {
        for (;;) {
          yield noise()
          await nextTurn()
        }
      } finally {
        ended = true
      }
    })
    answer.destroy()
    await until('the end of the work', () => ended)
    expect(ended).toBe(true)
  })

  it('is compressed by other threads than the event loop’s', async () => {
    const onLoop = countedOnLoop()
    const long = 'word '.repeat(200_000)
    const inPieces = async function* () {
      yield long
    }
    for (const texts of [inPieces, () => long]) {
      const answer = await asked(coding, texts)
      let text = ''
      for await (const chunk of answer.pipe(UNPACK[coding]())) text += chunk
      expect(text === long).toBe(true)
    }
    // A short one is done at once, which costs less than handing it over.
    const short = await asked(coding, () => 'word '.repeat(800))
    expect(short.headers['content-encoding']).toBe(coding)
    expect(onLoop()).toEqual([4000])
  })
})

it('Brotli keeps to a window of 256 KiB, for its memory', async () => {
  const answer = await asked('br', async function* () {
    yield 'word '.repeat(200_000)
  })
  const [chunk] = (await once(answer, 'data')) as [Buffer]
  // RFC 7932, section 9.1: the lowest four bits 0011 stand for 18.
  expect((chunk[0] ?? 0) & 15).toBe(3)
})

describe('no stream is compressed', () => {
  let server: RunningServer
  let id: string

  beforeAll(async () => {
    server = await startServer()
    id = await newNode(server)
    await server.post(`/admin/nodes/${id}/logs`, { message: 'word '.repeat(2000) })
  })

  const CODINGS = ['br', 'gzip', '*', 'x-gzip', 'deflate, zstd', 'identity;q=0, br;q=1', '*;q=1']
  const TYPES = ['text/event-stream', 'application/x-ndjson', 'text/plain']

  it.each(CODINGS)('whatever is accepted: %s', async (coding) => {
    for (const accept of TYPES) {
      const headers = { Accept: accept, 'Accept-Encoding': coding }
      for (const method of ['GET', 'HEAD']) await expectPlain(streamPath(), { method, headers })
    }
    await expectPlain('/admin/nodes/stream', { headers: { 'Accept-Encoding': coding } })
  })

  it('when it is resumed, either', async () => {
    const watching = await server.fetch(streamPath())
    onTestFinished(() => watching.body?.cancel())
    const headers = { 'Accept-Encoding': 'br', 'Last-Event-ID': '-1:0:log' }
    await expectPlain(streamPath(), { headers })
  })

  function streamPath(): string {
    return `/admin/nodes/${id}/logs/stream`
  }

  async function expectPlain(path: string, init: RequestInit): Promise<void> {
    const answer = await server.fetch(path, init)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-encoding')).toBeNull()
    await answer.body?.cancel()
  }
})

/** An answer of the server that is made of these texts, as it begins. */
async function asked(
  coding: string,
  texts: () => AsyncIterable<string> | string,
): Promise<IncomingMessage> {
  const app = await createApp({
    authenticate: () => ANYBODY,
    principalOf: () => ANYBODY,
    onAdmitted() {},
    host: '127.0.0.1',
    allowedHosts: [],
    logger: pino({ level: 'silent' }),
    repeats: createRepeats(),
    isClosing: () => false,
    cors: createCors([]),
    onRefusal() {},
    onUnreadable() {},
    onVanished() {},
    maxConnections: 100,
  })
  app.get('/', (_request, reply) => {
    const answer = texts()
    reply.type('application/json')
    return reply.send(typeof answer === 'string' ? answer : answerInPieces(answer, reply.raw))
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  const request = get({ port, headers: { 'accept-encoding': coding } })
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => {})
  expect(answer.headers['content-encoding']).toBe(coding)
  return answer
}

/** The lengths of what is compressed while everything else waits. */
function countedOnLoop(): () => number[] {
  const spies = [vi.spyOn(zlib, 'brotliCompressSync'), vi.spyOn(zlib, 'gzipSync')]
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore()
  })
  return () =>
    spies.flatMap(({ mock }) => mock.calls.map(([bytes]) => Buffer.byteLength(bytes as Buffer)))
}

/** What can hardly be compressed. */
function noise(): string {
  return randomBytes(12_000).toString('base64')
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
