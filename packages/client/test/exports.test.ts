import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ApiError, createClient, type ExportAllOptions } from '@launchtail/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newNode } from '../../server/test/support/nodes.js'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'

let server: RunningServer
beforeAll(async () => {
  server = await startServer()
  const id = await newNode(server)
  const entries = Array.from({ length: 500 }, (_, n) => ({ message: `sorb "${n}"\n ünï` }))
  expect((await server.post(`/admin/nodes/${id}/logs`, entries)).status).toBe(202)
})
afterAll(endAll)

describe.each(['ndjson', 'json', 'csv', 'text'] as const)('an export as %s', (format) => {
  it('is what the server sends, with its last line only where that was asked for', async () => {
    const plain = await (await server.fetch(`/admin/logs/export?format=${format}`)).text()
    expect(await exported({ format })).toBe(plain)
    expect(await exported({ format }, inPieces(97))).toBe(plain)
    const whole = await (
      await server.fetch(`/admin/logs/export?format=${format}&trailer=true`)
    ).text()
    expect(await exported({ format, trailer: true })).toBe(whole)
    const none = await (await server.fetch(`/admin/logs/export?format=${format}&q=nothing`)).text()
    expect(await exported({ format, q: 'nothing' })).toBe(none)
  })

  it('is not taken for whole where it was cut, and its end told in order', async () => {
    for (const kept of [0, 1, 300, 20_000, -1, -2, -120, -400]) {
      await expect(exported({ format }, (bytes) => [bytes.slice(0, kept)])).rejects.toThrow(
        'the export ended too soon',
      )
    }
  })

  it('goes on where it was cut', async () => {
    const plain = Buffer.from(
      await (await server.fetch(`/admin/logs/export?format=${format}`)).bytes(),
    )
    const offset = plain.length - 10
    const digest = createHash('sha256').update(plain.subarray(0, offset)).digest('hex')
    expect(await exported({ format, resume: { offset, digest } })).toBe(
      plain.subarray(offset).toString(),
    )
  })
})

it('is not taken for whole where its bytes or its lines have changed', async () => {
  for (const format of ['ndjson', 'csv'] as const) {
    const changed = (bytes: Uint8Array) => {
      bytes[200] = (bytes[200] as number) ^ 1
      return [bytes]
    }
    await expect(exported({ format }, changed)).rejects.toThrow('the export has arrived damaged')
  }
  // As in a browser, which has no hash that takes pieces.
  const { getBuiltinModule } = process
  process.getBuiltinModule = (() => undefined) as unknown as typeof getBuiltinModule
  try {
    const short = (bytes: Uint8Array) => [bytes.slice(bytes.indexOf(10) + 1)]
    await expect(exported({}, short)).rejects.toThrow('the export has arrived damaged')
    expect(await exported({})).toContain('sorb')
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
})

describe('in front of a busy server', () => {
  it('an export waits for its turn', async () => {
    const waits: number[] = []
    const onWait = (ms: number, { status }: ApiError) => waits.push(ms, status)
    const text = await (await busy(['0', '1']).exportLogs({ onWait })).text()
    expect(text).toContain('sorb')
    expect(waits).toEqual([1000, 429, 1000, 429])
  })

  it('it gives up when its caller does', async () => {
    const leaving = new AbortController()
    const onWait = () => leaving.abort(new Error('enough'))
    const { signal } = leaving
    await expect(busy(['60']).exportLogs({ onWait, signal })).rejects.toThrow('enough')
  })

  /** Refuses as many requests as there are times to wait, and lets the server answer the others. */
  function busy(seconds: readonly string[]) {
    const { url: baseUrl, token } = server
    const left = [...seconds]
    const fetch: typeof globalThis.fetch = async (...args) => {
      const wait = left.shift()
      const headers = { 'Retry-After': wait ?? '' }
      return wait === undefined
        ? globalThis.fetch(...args)
        : new Response('', { status: 429, headers })
    }
    return createClient({ baseUrl, token, fetch })
  }
})

/** The text of an export; `change` makes of its bytes what arrives. */
async function exported(
  options: ExportAllOptions,
  change: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes],
): Promise<string> {
  const { url: baseUrl, token } = server
  const fetch: typeof globalThis.fetch = async (...args) => {
    const answer = await globalThis.fetch(...args)
    if (!answer.ok) return answer
    const pieces = change(new Uint8Array(await answer.arrayBuffer()))
    return new Response(Readable.toWeb(Readable.from(pieces)) as ReadableStream, answer)
  }
  return (await createClient({ baseUrl, token, fetch }).exportLogs(options)).text()
}

function inPieces(size: number) {
  return (bytes: Uint8Array): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
      bytes.slice(n * size, (n + 1) * size),
    )
}
