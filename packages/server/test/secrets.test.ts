/** No secret gets out: each shape and encoding, on each way in, looked for in all that is kept or sent. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogEntry } from '@launchtail/client/protocol'
import { describe, expect, test } from 'vitest'
import { cleanLine } from '../src/output/clean.js'
import { lineDecoder } from '../src/output/lines.js'
import { createRedactor } from '../src/output/redact/index.js'
import { createSecrecy } from '../src/output/secrecy.js'
import { contentOf } from './support/launching.js'
import {
  type RunningServer,
  startServer,
  TOKEN,
  temporaryFolder,
  until,
} from './support/processes.js'
import { openRawBody } from './support/raw-body.js'
import {
  givenSecrets,
  KNOWN,
  knownSecrets,
  random,
  type SecretLine,
  secretLines,
} from './support/secrets.js'
import { skyOnPath } from './support/sky-double.js'
import { control, type Scenario, startDouble } from './support/skypilot-double.js'
import { type OpenedStream, openStream, type StreamEvent } from './support/stream.js'

const VALUE = `cor/rect "horse" & <it's>+${random(12)}`
const KEY_FILE = Array.from({ length: 5 }, (_, n) => `"part ${n}": "${n}${random(9)}"`).join('\n')
const PEM = [
  '-----BEGIN RSA PRIVATE KEY-----',
  ...Array.from({ length: 4 }, (_, n) => `${random(60)}${n}abc`),
  'Zm9v/w==',
  '-----END RSA PRIVATE KEY-----',
]
/** The server's own, beside its admin token. */
const SKYPILOT_TOKEN = `own-${random(25).toLowerCase()}`

const GIVEN = { A_SECRET: VALUE, KEY_FILE }
const OWN = [TOKEN, SKYPILOT_TOKEN].flatMap(givenSecrets)
const LINES = secretLines([...knownSecrets(), ...givenSecrets(VALUE), ...OWN])
const ROWS = [...KEY_FILE.split('\n'), ...PEM].map((text) => ({ text, hidden: text }))

test('ten lines of each, cut in two at every byte, are masked', () => {
  const values = [VALUE, TOKEN, SKYPILOT_TOKEN]
  const { line } = createRedactor({ values })
  const wrong: unknown[] = []
  for (const { text, hidden } of LINES) {
    const bytes = Buffer.from(`${text}\n`)
    const whole = line(cleanLine(text).text)
    if (whole.includes(hidden) || !whole.includes('***')) wrong.push([text, whole])
    for (let at = 1; at < bytes.length; at++) {
      const decoder = lineDecoder()
      const lines = [bytes.subarray(0, at), bytes.subarray(at)].flatMap((part) =>
        decoder.push(part).map((raw) => line(cleanLine(raw.text).text)),
      )
      if (lines.length !== 1 || lines[0] !== whole) wrong.push([at, whole, ...lines])
    }
  }
  expect(wrong).toEqual([])
})

test('what another program wrote is masked when it is read', () => {
  const { redactEntry } = createSecrecy([TOKEN, SKYPILOT_TOKEN], () => [])
  const about = { timestamp: '2026-01-02T03:04:05Z', level: 'info', phase: 'installing' } as const
  for (const { text, hidden } of secretLines([...knownSecrets(), ...OWN])) {
    const read = redactEntry('n', { ...about, message: text, details: `\n${text}` })
    expect(JSON.stringify(read)).not.toContain(hidden)
    expect([read.message, read.details]).toEqual([
      expect.stringContaining('***'),
      expect.stringContaining('***'),
    ])
  }
  const harmless = { ...about, message: '\x1b[32mgreen\x1b[0m', details: 'x' }
  expect(redactEntry('n', harmless)).toEqual(harmless)
})

/** What a launch prints, in pieces of few bytes, and a bar and a spinner with secrets. */
function telling(): Scenario {
  const lines = [...LINES, ...ROWS].map(({ text }) => text)
  const half = lines.length / 2
  const spinners = LINES.filter((_, n) => n % 10 === 0).map(({ text }) => control(text))
  const bars = LINES.filter((_, n) => n % 10 === 1).map(({ text }) => `${text}\r`)
  return {
    request: [
      { text: `⚙︎ Launching on AWS us-east-1.\n${spinners.join('')}` },
      { text: `${lines.slice(0, half).join('\n')}\n` },
    ],
    job: [
      { text: 'Waiting for task resources on 1 node.\n' },
      { text: `${bars.join('')}\n${lines.slice(half).join('\n')}\n` },
    ],
    jobEnds: 'FAILED',
  }
}

/** SkyPilot's own error holds them. */
function failing(): Scenario {
  const message = ['it failed', ...LINES.slice(0, 15).map(({ text }) => text), VALUE].join('\n')
  return { request: [], result: { type: 'sky.exceptions.Odd', message } }
}

describe('nothing of them is kept or sent', () => {
  test('by a launch through the API server', async () => {
    const scenario = (cluster: string) => (cluster.endsWith('fails0') ? failing() : telling())
    const api = await startDouble({ scenario, token: SKYPILOT_TOKEN, piece: 97 })
    try {
      const server = await startServer({
        env: {
          SKYPILOT_API_SERVER_ENDPOINT: api.url,
          SKYPILOT_SERVICE_ACCOUNT_TOKEN: SKYPILOT_TOKEN,
        },
      })
      await launch(server, { node_id: 'gpu-01', provider: 'aws', model: `m/${KNOWN['a JWT']}` })
      await launch(server, { node_id: 'fails0', provider: 'aws' })
      const entries = await failed(server, 'gpu-01')
      expect(entries.length).toBeGreaterThan(LINES.length + ROWS.length)
      await failed(server, 'fails0')
      await nothingIsLeft(server, ['gpu-01', 'fails0'])
      // It was SkyPilot alone that got them.
      expect(JSON.parse(api.tasks[0] as string).secrets).toEqual(GIVEN)
    } finally {
      await api.close()
    }
  })

  test('by a launch through the `sky` command', async () => {
    const api = await startDouble({ scenario: telling(), piece: 4001 })
    try {
      const { PATH } = skyOnPath(await temporaryFolder(), api.url)
      const server = await startServer({
        env: { PATH: PATH as string, SKYPILOT_SERVICE_ACCOUNT_TOKEN: SKYPILOT_TOKEN },
      })
      await launch(server, { node_id: 'gpu-01', provider: 'aws' })
      const entries = await failed(server, 'gpu-01')
      expect(entries.length).toBeGreaterThan(LINES.length + ROWS.length)
      await nothingIsLeft(server, ['gpu-01'])
      expect(JSON.parse(api.tasks[0] as string).secrets).toEqual(GIVEN)
    } finally {
      await api.close()
    }
  })

  test('by a launch on this machine, or by output that is sent in', async () => {
    const printed = join(await temporaryFolder(), 'printed')
    await writeFile(printed, `${[...LINES, ...ROWS].map(({ text }) => text).join('\n')}\n`)
    const server = await startServer({ env: { SKYPILOT_SERVICE_ACCOUNT_TOKEN: SKYPILOT_TOKEN } })
    const task = JSON.stringify({ run: `cat "$PRINTED"; echo "$A_SECRET"; exit 3` })
    await launch(server, { node_id: 'local1', provider: 'local', task, envs: { PRINTED: printed } })
    expect((await failed(server, 'local1')).length).toBeGreaterThan(LINES.length)

    // No launch of ours, so its values are nobody's but for the server's own.
    const sent = secretLines([...knownSecrets(), ...OWN])
    const [token = ''] = Object.values(KNOWN)
    const about = { name: `a ${token}`, provider: token, model: `m/${token}`, labels: { a: token } }
    await server.post('/admin/nodes', { node_id: 'sent-in', ...about })
    const text = `${sent.map((line) => line.text).join('\n')}\n${PEM.join('\n')}\n`
    const answer = await server.fetch('/admin/nodes/sent-in/logs', {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: pieces(text, 97),
      ...({ duplex: 'half' } as object),
    })
    expect(await answer.json()).toMatchObject({ accepted: sent.length + PEM.length })
    const details = sent
      .slice(0, 200)
      .map((line) => line.text)
      .join('\n')
    await server.post('/admin/nodes/sent-in/logs', [
      { message: sent[0]?.text, details },
      ...sent.slice(0, 300).map((line) => ({ message: 'x', details: line.text })),
    ])
    await nothingIsLeft(server, ['local1', 'sent-in'])
  })
})

test('cut at every byte, nothing of them is kept or sent of output that comes in two parts', {
  timeout: 120_000,
}, async () => {
  const server = await startServer({ env: { SKYPILOT_SERVICE_ACCOUNT_TOKEN: SKYPILOT_TOKEN } })
  const ofKeyFile = KEY_FILE.split('\n').map((text) => ({ text, hidden: text }))
  const lines = [...LINES, ...ofKeyFile]
  const nodes = Array.from({ length: SENDERS }, (_, n) => `cut-${n}`)
  const cuts = await Promise.all(
    nodes.map(async (node, n) => {
      // The values are secrets of this node's for as long as it is being launched.
      const task = JSON.stringify({ run: 'echo begun; exec sleep 600' })
      await launch(server, { node_id: node, provider: 'local', task })
      await logged(server, node, ({ message }) => message === 'begun')
      const own = lines.filter((_, at) => at % SENDERS === n)
      const count = await sendCut(server, node, own)
      await server.post(`/admin/nodes/${node}/terminate`, {})
      await failed(server, node)
      return count
    }),
  )
  expect(cuts.reduce((sum, count) => sum + count)).toBe(
    lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) - 1, 0),
  )
  await nothingIsLeft(server, nodes)
})

/** How many programs send at once. */
const SENDERS = 20

/**
 * Sends each line as often as it has places to be cut at. The part before the cut is sent with the
 * end of the line before, so once that line is seen, the part has been read alone. How many it sent.
 */
async function sendCut(
  server: RunningServer,
  node: string,
  lines: readonly SecretLine[],
): Promise<number> {
  const path = `${server.url}/admin/nodes/${node}/logs/stream?tail=0`
  const reader = await openStream(path, { 'X-Admin-Token': server.token })
  const body = await openRawBody(server, `/admin/nodes/${node}/logs`)
  const seen = logsOf(reader)
  const sent: SecretLine[] = []
  let rest: Buffer = Buffer.alloc(0)
  for (const line of lines) {
    const bytes = Buffer.from(`${line.text}\n`)
    for (let at = 1; at < bytes.length - 1; at += 1) {
      body.write(Buffer.concat([rest, bytes.subarray(0, at)]))
      rest = bytes.subarray(at)
      while (seen().length < sent.length) await reader.more()
      sent.push(line)
    }
  }
  body.write(rest)
  body.end()
  expect(JSON.parse((await body.answer()).text)).toMatchObject({ accepted: sent.length })
  await until('the last line', () => seen().length === sent.length)
  const told = new Map(lines.map((line) => [line, new Set<unknown>()]))
  for (const [n, line] of sent.entries()) told.get(line)?.add(seen()[n]?.data.message)
  for (const [{ text }, messages] of told) {
    expect([text, ...messages]).toEqual([text, expect.stringContaining('***')])
  }
  return sent.length
}

/** The `log` events so far, each looked at once. */
function logsOf({ events }: OpenedStream): () => readonly StreamEvent[] {
  const logs: StreamEvent[] = []
  let looked = 0
  return () => {
    for (; looked < events.length; looked += 1) {
      const event = events[looked] as StreamEvent
      if (event.event === 'log') logs.push(event)
    }
    return logs
  }
}

async function launch(server: RunningServer, more: object): Promise<void> {
  const request = { region: 'us-east-1', gpu: 'H100', model: 'm/m', secrets: GIVEN }
  const answer = await server.post('/admin/nodes/launch', {
    ...(!('task' in more) && { vllm_args: `--api-key ${VALUES_IN_ARGUMENTS}` }),
    ...request,
    ...more,
  })
  expect([answer.status, await answer.text()]).toEqual([202, expect.any(String)])
}

/** Known by the option's name alone. */
const VALUES_IN_ARGUMENTS = `key-${random(11).toLowerCase()}`

function failed(server: RunningServer, node: string): Promise<LogEntry[]> {
  return logged(server, node, ({ phase }) => phase === 'failed')
}

/** The log, once such an entry is in it. */
async function logged(
  server: RunningServer,
  node: string,
  isIt: (entry: LogEntry) => boolean,
): Promise<LogEntry[]> {
  return until(
    `${node} to log what is waited for`,
    async () => {
      const answer = await server.fetch(`/admin/nodes/${node}/logs?tail=all`)
      const { logs } = (await answer.json()) as { logs: LogEntry[] }
      return logs.some(isIt) && logs
    },
    60_000,
  )
}

/** All that can be read of these nodes: over HTTP, on the disk, in the server's own log. */
async function nothingIsLeft(server: RunningServer, nodes: readonly string[]): Promise<void> {
  const paths = nodes.flatMap((node) => [
    `/admin/nodes/${node}`,
    `/admin/nodes/${node}/logs?tail=all`,
    `/admin/nodes/${node}/logs/stream?tail=all&follow=false`,
  ])
  const answers: Record<string, string> = {}
  for (const path of [...paths, '/admin/nodes', '/metrics']) {
    answers[path] = await (await server.fetch(path)).text()
  }
  await server.stop()
  const places = { ...answers, 'the folder': contentOf(server.dataDir), 'its log': server.output() }
  const hidden = new Set([...LINES, ...ROWS].map((line) => line.hidden))
  hidden.add(VALUES_IN_ARGUMENTS)
  // Of a block's last row there is too little to look for.
  hidden.delete('Zm9v/w==')
  for (const row of [PEM[0], PEM.at(-1)]) hidden.delete(row as string)
  for (const [place, text] of Object.entries(places)) {
    expect([place, [...hidden].filter((secret) => text.includes(secret))]).toEqual([place, []])
  }
  expect(answers[paths[1] as string]).toContain('***')
}

/** A body in pieces of few bytes. */
function pieces(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, at + size))
      at += size
    },
  })
}
