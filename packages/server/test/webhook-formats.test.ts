import type { WebhookEvent, WebhookFormat } from '@launchtail/client/protocol'
import { WEBHOOK_EVENT_NAMES, WEBHOOK_FORMATS } from '@launchtail/client/protocol'
import { describe, expect, it, test } from 'vitest'
import { FORMATS } from '../src/notify/formats/index.js'
import type { StoredMessage } from '../src/notify/message.js'
import { sampleOf } from '../src/notify/sample.js'
import { startNotifying } from './support/notifying.js'
import { startReceiver } from './support/receiver.js'
import { KNOWN, PROVIDERS } from './support/secrets.js'

/** Each shape that is redacted. */
const SECRETS = [...Object.values(KNOWN), ...Object.values(PROVIDERS)]
/** Some at once, so that the messages are fewer, and each short enough to be told whole. */
const GROUPS: string[][] = []
for (const secret of SECRETS) {
  const last = GROUPS.at(-1)
  if (last && [...last, secret].join(' ').length <= 250) last.push(secret)
  else GROUPS.push([secret])
}
const NOW = new Date('2026-01-01T00:00:00Z')
const SENDER = { deliveryId: 'msg_0123' }

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it.
type Body = any

function rendered(format: WebhookFormat, message: StoredMessage): Body {
  return FORMATS[format].render(message, SENDER)
}

/** A message in which every text is as long as a log's lines may be. */
function huge(type: WebhookEvent, filler: string): StoredMessage {
  const fill = (value: unknown, name = ''): unknown => {
    if (KEPT.test(name)) return value
    if (typeof value === 'string') return filler.repeat(Math.ceil(65_536 / filler.length))
    if (Array.isArray(value))
      return [...value, ...value, ...value, ...value].map((one) => fill(one))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one, key)]))
  }
  const { data, ...message } = sampleOf(type, NOW)
  const { sample: _, ...rest } = data
  return { ...message, type, data: fill(rest) as StoredMessage['data'] }
}

/** Not texts of a log, however they are written. */
const KEPT = /^(?:level|phase|status|timestamp|.*_at)$/

const FILLERS = ['x', '<&>', '*_`~[]()', '\u{1f600}', 'word ', '```\n', '@everyone <!channel> ']

const length = (text: unknown) => (typeof text === 'string' ? text.length : 0)

describe.each(WEBHOOK_EVENT_NAMES)('%s with texts of 64 KiB', (type) => {
  it.each(FILLERS)('keeps to the limits of Slack: %j', (filler) => {
    const { text, blocks } = rendered('slack', huge(type, filler))
    expect(length(text)).toBeLessThanOrEqual(3000)
    expect(length(text)).toBeGreaterThan(0)
    expect(blocks.length).toBeLessThanOrEqual(50)
    for (const block of blocks) {
      if (block.type === 'header') expect(length(block.text.text)).toBeLessThanOrEqual(150)
      if (block.text?.type === 'mrkdwn') {
        expect(length(block.text.text)).toBeLessThanOrEqual(3000)
        expect(block.text.text).not.toMatch(/<[!@#]/)
      }
      expect(block.fields?.length ?? 0).toBeLessThanOrEqual(10)
      for (const field of block.fields ?? []) {
        expect(length(field.text)).toBeLessThanOrEqual(2000)
        expect(field.text).not.toMatch(/<[!@#]/)
      }
    }
    expect(text).not.toMatch(/<[!@#]/)
  })

  it.each(FILLERS)('keeps to the limits of Discord: %j', (filler) => {
    const { embeds, allowed_mentions, content = '' } = rendered('discord', huge(type, filler))
    expect(allowed_mentions).toEqual({ parse: [] })
    expect(content.length).toBeLessThanOrEqual(2000)
    expect(embeds.length).toBeLessThanOrEqual(10)
    let all = 0
    for (const { title, description, fields } of embeds) {
      expect(title.length).toBeLessThanOrEqual(256)
      expect(description.length).toBeLessThanOrEqual(4096)
      expect(fields.length).toBeLessThanOrEqual(25)
      all += title.length + description.length
      for (const { name, value } of fields) {
        expect(name.length).toBeLessThanOrEqual(256)
        expect(value.length).toBeLessThanOrEqual(1024)
        expect(value.length).toBeGreaterThan(0)
        all += name.length + value.length
      }
    }
    expect(all).toBeLessThanOrEqual(6000)
  })

  it.each(FILLERS)('keeps to the limits of PagerDuty: %j', (filler) => {
    const event = rendered('pagerduty', huge(type, filler))
    expect(length(event.dedup_key)).toBeGreaterThan(0)
    expect(length(event.dedup_key)).toBeLessThanOrEqual(255)
    expect(['trigger', 'resolve']).toContain(event.event_action)
    if (event.event_action === 'trigger') {
      const { summary, source, severity } = event.payload
      expect(length(summary)).toBeLessThanOrEqual(1024)
      expect(length(summary)).toBeGreaterThan(0)
      expect(length(source)).toBeGreaterThan(0)
      expect(['critical', 'error', 'warning', 'info']).toContain(severity)
    }
    expect(JSON.stringify(event).length).toBeLessThan(512 * 1024)
  })
})

test('a failure is told in each format with its cause, its place and what to do', () => {
  const message = sampleOf('launch.failed', NOW)
  const facts = [
    'sample failed in provisioning: no_capacity',
    'InsufficientInstanceCapacity in us-west-2a',
    'Try another region',
    'meta-llama/Llama-2-7b-chat-hf',
    'A100',
    'aws/us-west-2, spot',
    '2m20s',
  ]
  for (const format of ['slack', 'discord', 'pagerduty', 'text'] as const) {
    const body = rendered(format, message)
    // Without the signs that the service needs before its own.
    const text = (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll('\\', '')
    for (const fact of facts)
      expect([format, text]).toEqual([format, expect.stringContaining(fact)])
  }
})

test('an alert of PagerDuty is resolved by what is good news about the same launch', () => {
  const actionOf = (type: WebhookEvent) => {
    const { event_action, dedup_key } = rendered('pagerduty', sampleOf(type, NOW))
    return [event_action, dedup_key]
  }
  const node = '550e8400-e29b-41d4-a716-446655440000'
  expect(actionOf('launch.failed')).toEqual(['trigger', node])
  expect(actionOf('launch.stalled')).toEqual(['trigger', node])
  expect(actionOf('launch.recovered')).toEqual(['resolve', node])
  expect(actionOf('launch.active')).toEqual(['resolve', node])
  expect(actionOf('entry.matched')).toEqual(['trigger', `${node}/entry.matched`])
})

test('a body of Standard Webhooks stays below 20 KB', () => {
  const { data } = sampleOf('launch.failed', NOW)
  const line = { ...data.lines?.[0], message: 'x'.repeat(1000), details: 'y'.repeat(1000) }
  const lines = Array.from({ length: 10 }, () => line) as typeof data.lines & object
  const message = { type: 'launch.failed', timestamp: NOW.toISOString(), data: { ...data, lines } }
  const body = rendered('standard', message)
  expect(JSON.stringify(body).length).toBeLessThan(20_000)
  expect(body.data.failure).toEqual(data.failure)
})

test.each(WEBHOOK_FORMATS)(
  'no secret is in what is sent as %s, nor in what is kept of it',
  async (format) => {
    const receiver = await startReceiver()
    receiver.answer = (response, { body }) => void response.writeHead(200).end(body)
    const server = await startNotifying()
    await server.create({
      ...{
        url: receiver.url,
        format,
        events: ['launch.failed', 'entry.matched'],
        q: 'level:error',
        group: { wait: '0s', interval: '0s' },
      },
      ...(format === 'pagerduty' && { secret: 'R0123456789ABCDEF0123456789ABCDE' }),
    })
    const nodes = GROUPS.length
    for (const [i, secrets] of GROUPS.entries()) {
      const nodeId = `n-${i}`
      const text = secrets.join(' ')
      // As another program may have put it into the list, past all redaction.
      await server.node(nodeId, { model: 'm' })
      await server.say(
        nodeId,
        { level: 'error', message: `first ${text}`, details: text },
        { level: 'error', phase: 'failed', message: `at last ${text}`, details: text },
      )
    }
    // A service may take one message a second.
    for (let i = 0; receiver.received.length < 2 * nodes && i < 99; i += 1) await server.pass(1000)
    expect(receiver.received.length).toBeGreaterThanOrEqual(2 * nodes)
    const sent = receiver.received.map(({ body }) => body).join('\n')
    const kept = JSON.stringify(
      await server.database
        .selectFrom('deliveries')
        .select(['answer', 'log', 'message', 'prepared'])
        .where('prepared', '=', 1)
        .execute(),
    )
    for (const secret of SECRETS) {
      expect(sent).not.toContain(secret.slice(-16))
      expect(kept).not.toContain(secret.slice(-16))
    }
    expect(kept).not.toContain('R0123456789ABCDEF0123456789ABCDE')
  },
)
