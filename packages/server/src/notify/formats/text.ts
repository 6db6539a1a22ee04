import type { Message } from '../message.js'
import { briefOf } from './brief.js'
import type { Format } from './format.js'

/** Plain text, for scripts and mail. */
export const text: Format = {
  contentType: 'text/plain; charset=utf-8',
  atOnce: 4,
  every: 0,
  hidesAddress: false,
  isSigned: true,
  givenSecret: undefined,
  render: (message) => `${linesOf(message).join('\n')}\n`,
}

function linesOf(message: Message): string[] {
  const { title, message: what, advice, facts, lines, link } = briefOf(message)
  return [
    title,
    ...[what, advice].filter((part) => part !== ''),
    ...facts.map(({ name, value }) => `${name}: ${value}`),
    ...lines.map((line) => `> ${line.text}`),
    ...(link === undefined ? [] : [link]),
  ]
}
