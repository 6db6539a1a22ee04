import { shorten } from '@launchtail/client/protocol'
import type { Message } from '../message.js'
import { type Brief, briefOf } from './brief.js'
import type { Format } from './format.js'

/** Discord's limits, in characters. All texts of an embed together may have 6,000. */
const TITLE = 256
const DESCRIPTION = 2800
const FIELD_NAME = 256
const FIELD = 380
const FIELDS = 7
/** The shares of message, advice and lines in the description. */
const SENTENCE = 700
const LINES = 1350

/** Discord's webhooks. A message mentions nobody, whatever a log contains. */
export const discord: Format = {
  contentType: 'application/json',
  atOnce: 1,
  every: 400,
  hidesAddress: true,
  isSigned: false,
  givenSecret: undefined,
  render: (message: Message) => ({
    allowed_mentions: { parse: [] },
    embeds: [embedOf(briefOf(message), message.timestamp)],
  }),
}

const COLOURS = { critical: 0xc0392b, error: 0xc0392b, warning: 0xd4a017, info: 0x2e8b57 } as const

function embedOf(brief: Brief, timestamp: string): object {
  const { title, severity, facts, link } = brief
  return {
    title: shorten(escaped(title), TITLE),
    description: descriptionOf(brief),
    color: COLOURS[severity],
    ...(Number.isNaN(Date.parse(timestamp))
      ? {}
      : { timestamp: new Date(timestamp).toISOString() }),
    ...(link === undefined ? {} : { url: link }),
    fields: facts.slice(0, FIELDS).map(({ name, value }) => ({
      name: shorten(name, FIELD_NAME),
      value: shorten(escaped(value), FIELD),
      inline: true,
    })),
  }
}

function descriptionOf({ message, advice, lines }: Brief): string {
  const texts = [message, advice].filter((text) => text !== '').map((text) => cut(text, SENTENCE))
  const quoted = lines.map(({ text }) => text.replaceAll('```', "'''"))
  let code = quoted.join('\n')
  while (code.length > LINES && quoted.length > 1) {
    quoted.shift()
    code = quoted.join('\n')
  }
  const block = code === '' ? [] : [`\`\`\`\n${shorten(code, LINES)}\n\`\`\``]
  return shorten([...texts, ...block].join('\n'), DESCRIPTION)
}

function cut(text: string, most: number): string {
  return shorten(escaped(shorten(text, most)), most)
}

/** Escapes Discord's markup. */
function escaped(text: string): string {
  return text.replace(/[\\*_~`|>#@[\]()<]/g, '\\$&')
}
