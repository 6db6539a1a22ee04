import { shorten } from '@launchtail/client/protocol'
import type { Message } from '../message.js'
import { type Brief, briefOf, type Line } from './brief.js'
import type { Format } from './format.js'

/** Slack's limits, in characters. It also accepts only one message per second at each address. */
const HEADER = 150
const SECTION = 3000
const FIELD = 2000
const FIELDS = 10

/** Slack's incoming webhooks. */
export const slack: Format = {
  contentType: 'application/json',
  atOnce: 1,
  every: 1000,
  hidesAddress: true,
  isSigned: false,
  givenSecret: undefined,
  render: (message: Message) => {
    const brief = briefOf(message)
    return {
      text: escaped(`${MARKS[brief.severity]} ${brief.title}`, SECTION),
      blocks: blocksOf(brief),
    }
  },
}

const MARKS = { critical: '🔴', error: '🔴', warning: '🟡', info: '🟢' } as const

function blocksOf({ title, severity, message, advice, facts, lines, link }: Brief): object[] {
  const fields = facts
    .slice(0, FIELDS)
    .map(({ name, value }) => markdown(`*${name}*\n${escaped(value, FIELD - name.length - 8)}`))
  return [
    {
      type: 'header',
      text: { type: 'plain_text', text: shorten(`${MARKS[severity]} ${title}`, HEADER) },
    },
    ...(message === '' ? [] : [section(escaped(message, SECTION))]),
    ...(advice === '' ? [] : [section(escaped(advice, SECTION))]),
    ...(fields.length === 0 ? [] : [{ type: 'section', fields }]),
    ...(lines.length === 0 ? [] : [section(quoted(lines))]),
    ...(link === undefined ? [] : [section(`<${linkEscaped(link)}|Open the log>`)]),
  ]
}

function section(text: string): object {
  return { type: 'section', text: markdown(text) }
}

function markdown(text: string): object {
  return { type: 'mrkdwn', text }
}

/** The newest lines that fit, as code. */
function quoted(lines: readonly Line[]): string {
  const shown: string[] = []
  let left = SECTION - 8
  for (const { text } of lines.toReversed()) {
    const line = escaped(text.replaceAll('```', "'''"), 500)
    left -= line.length + 1
    if (left < 0) break
    shown.unshift(line)
  }
  return `\`\`\`${shown.join('\n')}\`\`\``
}

/** Escapes a text and limits its length. Unescaped, `<!channel>` would notify everybody. */
function escaped(text: string, most: number): string {
  let cut = shorten(text, most)
  while (masked(cut).length > most) cut = shorten(cut, Math.floor(cut.length * 0.8))
  return masked(cut)
}

function masked(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function linkEscaped(link: string): string {
  return masked(link).replaceAll('|', '%7C')
}
