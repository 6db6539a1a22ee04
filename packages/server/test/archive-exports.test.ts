import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { StorageUnavailable } from '../src/errors.js'
import { createExports, type ExportQuestion } from '../src/find/archive/exports.js'
import { takeIn } from '../src/find/archive/take-in.js'
import type { Piece } from '../src/find/export/export-bytes.js'
import { EXPORTS } from '../src/find/export/formats.js'
import { mountExport } from '../src/http/routes/export.js'
import { sendExport } from '../src/http/send-export.js'
import { checkOf } from '../src/logs/check.js'
import type { Registry } from '../src/nodes/registry.js'
import { openArchiveDb } from './support/archive-db.js'
import { NO_LIMITS } from './support/limits.js'

const QUESTION: ExportQuestion = {
  query: '',
  now: Date.now(),
  since: undefined,
  until: undefined,
  levels: undefined,
  phase: undefined,
  nodes: undefined,
  launches: undefined,
  order: 'asc',
  cursor: undefined,
  format: 'ndjson',
  layout: { nodeId: undefined, raw: false, bom: false, trailer: false },
}

it('stops within 100 ms when its reader leaves, whatever it looks for', async () => {
  const exports = await filled(100_000)
  // No index helps, and nothing is found: it would look through everything.
  await exports.open(1, { ...QUESTION, query: '/zebra.*fish/' })
  const reading = exports.read(1)
  await sleep(20)
  const left = performance.now()
  exports.close(1)
  expect(await reading).toBeUndefined()
  expect(performance.now() - left).toBeLessThan(100)
  await expect(exports.read(1)).rejects.toThrow('given up')
})

it('ends with the entry that was the last when it began', async () => {
  const { add, ...exports } = await filled(10)
  const { cursor, count } = await exports.open(1, QUESTION)
  expect(count).toBe(10)
  await add(10)
  expect(cursor).toMatch(/-10$/)
  expect((await exports.read(1))?.count).toBe(10)
  expect(await exports.read(1)).toBeUndefined()
})

it('knows its count beforehand where no entry has to be looked at', async () => {
  const exports = await filled(10)
  const count = async (question: Partial<ExportQuestion>) =>
    (await exports.open(1, { ...QUESTION, ...question })).count
  expect(await count({ nodes: new Set(['n']) })).toBe(10)
  expect(await count({ nodes: new Set(['other']) })).toBe(0)
  expect(await count({ query: 'words' })).toBeUndefined()
  expect(await count({ levels: new Set(['info']) })).toBeUndefined()
  expect(await count({ part: { back: 0, from: 2, to: 5 } })).toBeUndefined()
  expect(await count({ cursor: (await exports.open(1, QUESTION)).cursor })).toBeUndefined()
})

it('says so where the archive may lack entries', async () => {
  const url = await serve([piece('x')], { isComplete: false })
  for (const format of ['json', 'text']) {
    const answer = await fetch(`${url}?format=${format}`)
    expect(answer.headers.get('log-complete')).toBe('false')
    const text = await answer.text()
    expect(text).toMatch(format === 'json' ? /"complete":false}\n$/ : /there may be more\n$/)
  }
  expect((await fetch(url, { method: 'HEAD' })).headers.get('log-complete')).toBe('false')
})

it('is refused where it fails at once, and is cut where it fails on the way', async () => {
  const away = new StorageUnavailable(new Error('away'))
  const refused = await fetch(await serve([away]))
  expect([refused.status, refused.headers.get('trailer')]).not.toContain('Log-Count, Log-Digest')
  expect(refused.ok).toBe(false)
  const cut = await fetch(await serve([piece('x'.repeat(100_000)), away]))
  expect(cut.status).toBe(200)
  await expect(cut.text()).rejects.toThrow()
})

it('is not read ahead of a reader that takes nothing', async () => {
  const piece = new Uint8Array(64 * 1024).fill(120)
  let made = 0
  const app = fastify()
  app.get('/', (request, reply) => {
    const next = async () => {
      made += piece.length
      return { value: { bytes: piece, count: 1 }, done: false as const }
    }
    return sendExport({ request, reply }, { next }, SENT)
  })
  let socket: Socket | undefined
  app.server.on('connection', (opened) => {
    socket = opened
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  const [answer] = (await once(get({ port }), 'response')) as [IncomingMessage]
  answer.pause()
  answer.on('error', () => {})
  await sleep(500)
  const before = made
  await sleep(500)
  expect(made).toBe(before)
  // What has left for the system's own memory is not in this process.
  expect(socket?.writableLength).toBeLessThan(256 * 1024)
  answer.destroy()
})

function piece(text: string): Piece {
  return { bytes: new TextEncoder().encode(text), count: 1 }
}

/** The route over an archive that gives these; an error is thrown. Returns its address. */
async function serve(
  pieces: readonly (Piece | Error)[],
  { isComplete = true } = {},
): Promise<string> {
  const app = fastify()
  const registry = {} as Registry
  mountExport(app, {
    registry,
    maxExports: 4,
    limits: NO_LIMITS,
    archive: {
      async export() {
        const left = [...pieces]
        return {
          cursor: '01234567-5',
          count: undefined,
          isComplete,
          close: () => {},
          async read() {
            const next = left.shift()
            if (next instanceof Error) throw next
            return next
          },
        }
      },
    },
  })
  onTestFinished(() => app.close())
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/admin/logs/export`
}

const SENT = {
  format: EXPORTS.ndjson,
  layout: QUESTION.layout,
  gzip: false,
  name: 'x',
  isComplete: true,
  resumption: undefined,
  headers: {},
}

async function filled(count: number) {
  const db = await openArchiveDb()
  let from = 0
  let previous: string | undefined
  await add(count)
  return { ...createExports(db), add }

  async function add(more: number): Promise<void> {
    const texts = Array.from({ length: more }, (_, n) =>
      JSON.stringify({
        timestamp: '2026-01-15T10:30:00Z',
        level: 'info',
        message: `line ${from + n} of words`,
        phase: 'installing',
      }),
    )
    await takeIn(db, [{ nodeId: 'n', from, texts, previous }], { now: Date.now() })
    from += more
    previous = checkOf(texts.at(-1) as string)
  }
}
