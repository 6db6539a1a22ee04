import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import * as nodes from './support/nodes.js'
import { endAll, type RunningServer, startServer, until } from './support/processes.js'
import { openRawBody, type RawBody } from './support/raw-body.js'
import { type OpenedStream, openStream } from './support/stream.js'

let server: RunningServer

beforeAll(async () => {
  server = await startServer({ env: { LAUNCHTAIL_LOG_LEVEL: 'error' } })
})
afterAll(endAll)

const newNode = () => nodes.newNode(server)

function open(id: string): Promise<OpenedStream> {
  const url = `${server.url}/admin/nodes/${id}/logs/stream?tail=all`
  return openStream(url, { 'X-Admin-Token': server.token })
}

const listed = (id: string) => nodes.listed(server, id)

function line(reader: OpenedStream, text: string) {
  return reader.event(`the line ${text}`, ({ data }) => data.message === text)
}

async function post(id: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const answer = await server.fetch(`/admin/nodes/${id}/logs`, {
    method: 'POST',
    body: Buffer.from(body),
    headers: { 'Content-Type': 'text/plain', ...headers },
  })
  return { status: answer.status, headers: answer.headers, ...((await answer.json()) as Answer) }
}

interface Answer {
  accepted: number
  cursor: string
}

/** Ends a body; what it is answered. */
async function accept(body: RawBody): Promise<Answer> {
  body.end()
  const { status, text } = await body.answer()
  expect(status).toBe(202)
  return JSON.parse(text)
}

async function offsetOf(id: string, source: string): Promise<number> {
  const headers = { 'Log-Source': source }
  const answer = await server.fetch(`/admin/nodes/${id}/logs`, { method: 'HEAD', headers })
  expect(answer.status).toBe(200)
  return Number(answer.headers.get('Log-Offset'))
}

function openBody(id: string, headers: Record<string, string> = {}) {
  return openRawBody(server, `/admin/nodes/${id}/logs`, headers)
}

describe('raw output that is sent as it is written', () => {
  it('shows a line to readers while the body stays open, whatever the chunks', async () => {
    const id = await newNode()
    const reader = await open(id)
    const body = await openBody(id)
    body.write('first\nsec')
    await line(reader, 'first')
    body.write('ond\n')
    await line(reader, 'second')
    for (const byte of Buffer.from('größer als €\r\n')) body.write(Uint8Array.of(byte))
    await line(reader, 'größer als €')
    body.write('a\nb\nc\n\n\nd')
    await line(reader, 'c')
    expect(reader.messages()).toEqual(['first', 'second', 'größer als €', 'a', 'b', 'c'])
    const { accepted, cursor } = await accept(body)
    await line(reader, 'd')
    expect(accepted).toBe(7)
    expect(cursor).toBe(reader.events.at(-1)?.id)
  })

  it('makes the same of the same bytes however they are cut', async () => {
    const bytes = Buffer.from(
      '\uFEFFplain\r\n\u001b[1;31mred\u001b[0m and “quoted”\r\r\nDownloading:  10%\rDownloading: 100%\n\ttabbed 😀\nlast',
    )
    const whole = await newNode()
    expect((await post(whole, bytes)).status).toBe(202)
    const expected = ['plain', 'red and “quoted”', 'Downloading: 100%', '\ttabbed 😀', 'last']
    expect(await listed(whole)).toEqual(expected)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const id = await newNode()
      const body = await openBody(id)
      body.write(bytes.subarray(0, cut))
      body.write(bytes.subarray(cut))
      await accept(body)
      expect(await listed(id), `cut after ${cut} bytes`).toEqual(expected)
    }
  })

  it('shows a progress bar now and then, and its last state once', async () => {
    const id = await newNode()
    const reader = await open(id)
    const body = await openBody(id)
    body.write('before\n')
    for (let i = 1; i <= 60; i += 1) body.write(`\rFetching ${i} of 1000`)
    await until('the bar', () => reader.messages().length >= 2)
    for (let i = 61; i <= 1000; i += 1) body.write(`\rFetching ${i} of 1000`)
    body.write('\nafter\n')
    await line(reader, 'after')
    await accept(body)
    const messages = await listed(id)
    expect(messages.slice(-2)).toEqual(['Fetching 1000 of 1000', 'after'])
    expect(messages.filter((message) => message === 'Fetching 1000 of 1000')).toHaveLength(1)
    expect(messages.length).toBeLessThan(20)
  })

  it('cuts a line of 1 MB, says so, and goes on with the next', async () => {
    const id = await newNode()
    const body = await openBody(id)
    const megabyte = 'x'.repeat(1024 * 1024)
    body.write(`before\n${megabyte}`)
    body.write(`${megabyte}\nafter\n`)
    expect((await accept(body)).accepted).toBe(3)
    const [before, long = '', after] = await listed(id)
    expect([before, after]).toEqual(['before', 'after'])
    expect(long).toMatch(/^x+ … \[cut: \d+ bytes left out\]$/)
    expect(Buffer.byteLength(long)).toBeLessThan(64 * 1024)
    const [kept, left] = [/^x+/.exec(long)?.[0].length, /\d+/.exec(long.slice(60))?.[0]]
    expect(Number(kept) + Number(left)).toBe(2 * megabyte.length)
  })

  it('keeps the whole lines of a sender that vanishes in the middle of one', async () => {
    for (const way of ['vanish', 'die'] as const) {
      const id = await newNode()
      const reader = await open(id)
      const body = await openBody(id)
      body.write('one\ntwo\nthr')
      await line(reader, 'two')
      body[way]()
      // What comes after it is a body of its own.
      await post(id, 'ee\n')
      await line(reader, 'ee')
      expect(await listed(id)).toEqual(['one', 'two', 'ee'])
    }
  })

  it('keeps all whole lines that arrived, also those that were not stored yet', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await newNode()
      const body = await openBody(id)
      const lines = Array.from({ length: 3000 }, (_, i) => `line ${i} of a busy sender`)
      // Each of them a chunk of its own: they wait in the request while others are stored.
      for (const one of lines) body.write(`${one}\n`)
      body.write('and half a li')
      body.vanish()
      const list = await until(
        'all lines',
        async () => {
          const now = await listed(id)
          return now.length >= lines.length && now
        },
        8000,
      ).catch(() => listed(id))
      expect(list.length).toBe(lines.length)
      expect(list).toEqual(lines)
    }
  })

  it('reads out of a line what it says of the launch', async () => {
    const id = await newNode()
    const reader = await open(id)
    const body = await openBody(id)
    body.write(
      'Collecting vllm\nERROR: Could not find a version that satisfies the requirement x\n',
    )
    await until('both', () => reader.messages().length === 2)
    const logs = reader.events.filter(({ event }) => event === 'log')
    expect(logs[0]?.data).toMatchObject({ level: 'info', phase: 'installing' })
    expect(logs[1]?.data).toMatchObject({ level: 'error', phase: 'installing' })
    await accept(body)
  })

  it('takes secrets out of lines that are cut in the middle of one', async () => {
    const id = await newNode()
    const reader = await open(id)
    const body = await openBody(id)
    const secret = `hf_${'aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH'}`
    const bytes = Buffer.from(`export HF_TOKEN=${secret}\nnext\n`)
    for (const byte of bytes) body.write(Uint8Array.of(byte))
    await line(reader, 'next')
    await accept(body)
    expect(reader.text()).not.toContain(secret.slice(0, 12))
    expect((await listed(id))[0]).toContain('***')
  })
})

describe('raw output with a source', () => {
  const BODY = Buffer.from(
    'one\nzwei größer\r\n\n\u001b[32m三 😀\u001b[0m\nbar 1\rbar 2\nlast, open',
  )
  const LINES = ['one', 'zwei größer', '三 😀', 'bar 2', 'last, open']

  it('is stored once, in order, wherever it was cut and wherever it is sent from again', {
    timeout: 90_000,
  }, async () => {
    for (let cut = 0; cut <= BODY.length; cut += 1) {
      for (const again of ['from where HEAD says', 'from the start'] as const) {
        const [id, source] = [await newNode(), randomUUID()]
        const from = { 'Log-Source': source, 'Log-Offset': '0' }
        const length = { 'Content-Length': String(BODY.length) }
        const body = await openBody(id, cut % 2 === 0 ? from : { ...from, ...length })
        body.write(BODY.subarray(0, cut))
        if (cut % 3 === 0) body.die()
        else body.vanish()
        const offset = again === 'from the start' ? 0 : await offsetOf(id, source)
        const headers = { 'Log-Source': source, 'Log-Offset': String(offset) }
        const { status } = await post(id, BODY.subarray(offset), headers)
        expect(status).toBe(202)
        expect(await listed(id), `cut after ${cut} bytes, sent ${again}`).toEqual(LINES)
        expect(await offsetOf(id, source)).toBe(BODY.length)
      }
    }
  })

  it('is stored once when the answer was lost', async () => {
    const [id, source] = [await newNode(), randomUUID()]
    const reader = await open(id)
    const body = await openBody(id, { 'Log-Source': source, 'Content-Length': `${BODY.length}` })
    body.write(BODY)
    await line(reader, 'last, open')
    body.die()
    const { status, accepted } = await post(id, BODY, { 'Log-Source': source })
    expect([status, accepted]).toEqual([202, 0])
    expect(await listed(id)).toEqual(LINES)
  })

  it('never tells an offset that is beyond what is stored, and goes on from any before it', async () => {
    const [id, source] = [await newNode(), randomUUID()]
    const lines = Array.from({ length: 400 }, (_, i) => `line ${i}${'ä'.repeat(i % 7)}`)
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    let sent = 0
    for (let round = 0; sent < bytes.length; round += 1) {
      const offset = Math.max(0, (await offsetOf(id, source)) - (round % 3) * 31)
      const body = await openBody(id, { 'Log-Source': source, 'Log-Offset': String(offset) })
      sent = Math.min(bytes.length, offset + 700 + round * 13)
      body.write(bytes.subarray(offset, sent))
      const stored = await until('some of it', async () => {
        const now = await offsetOf(id, source)
        return now > offset + 500 || now === bytes.length ? now : undefined
      })
      expect(stored).toBeLessThanOrEqual(sent)
      expect(bytes[stored - 1]).toBe(10)
      body.die()
    }
    expect(await listed(id)).toEqual(lines)
  })

  it('is refused where a part is missing, and told from where', async () => {
    const [id, source] = [await newNode(), randomUUID()]
    await post(id, 'one\ntwo\n', { 'Log-Source': source })
    const { status, headers } = await post(id, 'four\n', {
      'Log-Source': source,
      'Log-Offset': '14',
    })
    expect([status, headers.get('Log-Offset')]).toEqual([409, '8'])
    await post(id, 'three\nfour\n', { 'Log-Source': source, 'Log-Offset': '8' })
    expect(await listed(id)).toEqual(['one', 'two', 'three', 'four'])
    // Another source, and another node, begin at their own beginning.
    expect(await offsetOf(id, randomUUID())).toBe(0)
    expect(await offsetOf(await newNode(), source)).toBe(0)
  })

  it('shows nothing of a private key that it was cut in the middle of', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    const inside = privateKey.split('\n').slice(1, -2)
    const bytes = Buffer.from(`before\n${privateKey}after it all\n`)
    for (let cut = 60; cut < privateKey.length; cut += 131) {
      for (const again of [0, undefined]) {
        const [id, source] = [await newNode(), randomUUID()]
        const body = await openBody(id, { 'Log-Source': source })
        body.write(bytes.subarray(0, cut))
        await until('its beginning', async () => (await offsetOf(id, source)) > 30)
        body.die()
        const offset = again ?? (await offsetOf(id, source))
        const headers = { 'Log-Source': source, 'Log-Offset': String(offset) }
        expect((await post(id, bytes.subarray(offset), headers)).status).toBe(202)
        const messages = await listed(id)
        expect(messages).toHaveLength(inside.length + 4)
        expect([messages[0], messages.at(-1)]).toEqual(['before', 'after it all'])
        const shown = inside.filter((text) => messages.join().includes(text.slice(0, 12)))
        expect(shown, `cut after ${cut} bytes`).toEqual([])
      }
    }
  })

  it('is stored once when two send it at the same time', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [id, source] = [await newNode(), randomUUID()]
      const lines = Array.from({ length: 300 }, (_, i) => `line ${i}`)
      const bytes = Buffer.from(`${lines.join('\n')}\n`)
      const senders = await Promise.all([1, 2].map(() => openBody(id, { 'Log-Source': source })))
      // Each is now ahead and now behind, by a part of a line, a line or several.
      const sent = [0, 0]
      for (let turn = 0; sent.some((at) => at < bytes.length); turn += 1) {
        const which = turn % 2
        const at = sent[which] as number
        const to = Math.max(...sent) + 23 + ((turn * 37 + round * 11) % 90)
        senders[which]?.write(bytes.subarray(at, to))
        sent[which] = to
        // A round trip, so that it has arrived; whether it is stored by then is left to chance.
        await offsetOf(id, source)
      }
      const answers = await Promise.all(senders.map(accept))
      expect(await listed(id)).toEqual(lines)
      expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(lines.length)
    }
  })
})

describe('curl', () => {
  it('sends a pipe on as it is written', async () => {
    const id = await newNode()
    const reader = await open(id)
    const curl = spawn('curl', [
      ...['-sST', '-', '-X', 'POST', '-H', `X-Admin-Token: ${server.token}`],
      ...['-H', 'Content-Type: text/plain', `${server.url}/admin/nodes/${id}/logs`],
    ])
    onTestFinished(() => void curl.kill('SIGKILL'))
    let output = ''
    curl.stdout.on('data', (chunk) => {
      output += chunk
    })
    curl.stdin.write('first\n')
    await line(reader, 'first')
    curl.stdin.write('second\nthi')
    await line(reader, 'second')
    curl.stdin.end('rd')
    const [code] = await once(curl, 'close')
    expect(code).toBe(0)
    await line(reader, 'third')
    expect(JSON.parse(output)).toEqual({ accepted: 3, cursor: reader.events.at(-1)?.id })
  })

  it('is killed, and what it had sent in whole lines is kept', async () => {
    const id = await newNode()
    const reader = await open(id)
    const shell = spawn(
      'sh',
      [
        '-c',
        `(echo one; echo two; printf half; sleep 60) | curl -sST - -X POST -H "X-Admin-Token: $TOKEN" -H 'Content-Type: text/plain' "$URL" & wait`,
      ],
      {
        env: { ...process.env, TOKEN: server.token, URL: `${server.url}/admin/nodes/${id}/logs` },
        detached: true,
      },
    )
    const group = -(shell.pid as number)
    let ended = false
    shell.on('close', () => {
      ended = true
    })
    onTestFinished(() => void (ended || process.kill(group, 'SIGKILL')))
    await line(reader, 'two')
    process.kill(group, 'SIGKILL')
    await until('it to be gone', () => ended)
    await post(id, 'after\n')
    await line(reader, 'after')
    expect(await listed(id)).toEqual(['one', 'two', 'after'])
  })
})
