import { TEXTS } from './corpus.js'
import { fc } from './property.js'

const RUN = /[\p{L}\p{N}\p{M}]+/gu
const TIMES = ['2026-11-22', '2026-11-23', '2026-11-22T22:00:00Z', '2026-11-22T21:10:00.5Z']

const text = fc.constantFrom(...TEXTS.filter((each) => RUN.test(each)))
const word = fc
  .tuple(text, fc.nat())
  .map(([from, n]) => pick([...from.matchAll(RUN)], n)[0] as string)
/** A part of a word, a hump more often than not. */
const cut = fc.tuple(word, fc.nat(), fc.nat()).map(([whole, a, b]) => {
  const humps = whole.split(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
  return b % 2 ? pick(humps, a) : whole.slice(a % whole.length, (a % whole.length) + 1 + (b % 5))
})
const phrase = fc
  .tuple(text, fc.nat(), fc.integer({ min: 3, max: 24 }))
  .map(([from, at, length]) => {
    const start = at % from.length
    const part = from.slice(start, start + length).replace(/["\\]/g, ' ')
    return new RegExp(RUN.source, 'u').test(part) ? `"${part}"` : '"out of"'
  })
const wildcard = fc
  .tuple(word, fc.nat(), fc.constantFrom('end', 'begin', 'both', 'inner', 'one'))
  .map(([whole, n, where]) => {
    const at = n % (whole.length + 1)
    if (where === 'end') return `${whole.slice(0, at)}*`
    if (where === 'begin') return `*${whole.slice(at)}`
    if (where === 'both') return `*${whole.slice(at, at + 3)}*`
    if (where === 'inner') return `${whole.slice(0, at)}*${whole.slice(at + 1)}`
    return `${whole.slice(0, at)}?${whole.slice(at + 1)}`
  })
const inText = fc.oneof(word, cut, phrase, wildcard)
const pattern = fc.constantFrom(
  '/o.m/i',
  '/CUDA.*memory/',
  '/us-[a-z]+-\\d/',
  '/^Load/',
  '/\\d{3}$/',
)
const ordered = fc.constantFrom(
  ...['level:error', 'level:>=warn', 'level:info..warn', 'level:<debug', 'level:(debug OR error)'],
  ...['phase:>=installing', 'phase:failed', 'phase:queued', 'phase:provisioning..installing'],
  ...['phase:*', 'level:*', 'progress:>=50', 'progress:10..20', 'progress:*', 'details:*'],
)
const time = fc
  .tuple(fc.constantFrom('', '>', '>=', '<', '<=', '..'), fc.constantFrom(...TIMES), fc.nat())
  .map(([sign, at, n]) => `timestamp:${sign === '..' ? `${at}..${pick(TIMES, n)}` : sign + at}`)
const ofLaunch = fc.constantFrom(
  ...['gpu:A100', 'provider:gcp', 'provider:=gc', 'region:us-*', 'model:llama', 'spot:true'],
  ...[
    'status:failed',
    'cause:no_capacity',
    'cause:*',
    'node:node-3',
    'node:node-1*',
    'cluster:/7$/',
  ],
)
const inField = fc
  .tuple(fc.constantFrom('message:', 'details:', 'message:=', 'details:='), inText)
  .map(([field, value]) => field + value)

const term = fc.oneof(
  { weight: 8, arbitrary: inText },
  { weight: 3, arbitrary: ordered },
  { weight: 2, arbitrary: inField },
  { weight: 2, arbitrary: ofLaunch },
  time,
  pattern,
)

/** A query of any kind, drawn from what the corpus has. It may not be valid: a cut may hold no word. */
export const { randomQuery } = fc.letrec<{ randomQuery: string }>((tie) => ({
  randomQuery: fc.oneof(
    { depthSize: 'small', withCrossShrink: true, maxDepth: 3 },
    term,
    fc.tuple(tie('randomQuery'), tie('randomQuery')).map(([a, b]) => `(${a}) (${b})`),
    fc.tuple(tie('randomQuery'), tie('randomQuery')).map(([a, b]) => `(${a}) OR (${b})`),
    tie('randomQuery').map((query) => `-(${query})`),
  ),
}))

function pick<Item>(items: readonly Item[], n: number): Item {
  return items[n % items.length] as Item
}
