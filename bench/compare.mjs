// This checkout's build beside another's, in alternating rounds of one run. What else the machine
// does hits both alike, so the ratio within a round says more than two runs could.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startServer, TITLES } from './servers.mjs'
import { digits, median, quartiles, table } from './table.mjs'

/** How far apart two medians may be and still count as equal. */
const TOLERANCE = 0.05

/** The path of a checkout that is built, or an error that says what to do. */
export function builtCheckout(folder) {
  const path = resolve(folder)
  if (!existsSync(join(path, 'packages/server/bin/launchtail.js'))) {
    throw new Error(`${path} is not a checkout of Launchtail`)
  }
  const programs = ['launchtail.js', 'cli/index.js']
  if (!programs.some((name) => existsSync(join(path, 'packages/server/dist', name)))) {
    throw new Error(`${path} is not built; run there: npm ci && npm run build`)
  }
  return path
}

/**
 * Measures one part on both builds. Gives a table as Markdown, and whether this build is worse in
 * any figure.
 */
export async function compare({ part, checkouts, names, rounds, scale }) {
  const { compared } = part
  const sections = []
  let isWorse = false
  for (const name of compared.withoutServer ? ['code'] : names) {
    const pairs = []
    for (let round = 0; round < rounds; round += 1) {
      pairs.push(await oneRound({ compared, checkouts, name, scale, swapped: round % 2 === 1 }))
    }
    const rows = compared.figures.map((figure) => row(figure, pairs))
    const lost = pairs.reduce((sum, { now }) => sum + (now.lost ?? 0), 0)
    isWorse ||= lost > 0 || rows.some(({ verdict }) => verdict === 'WORSE')
    const title = TITLES[name] ?? 'without a server'
    const losses = lost > 0 ? `\n\nThis build lost ${lost} entries.` : ''
    sections.push(`${title}:\n\n${table([HEAD, ...rows.map(({ cells }) => cells)])}${losses}`)
  }
  return { text: sections.join('\n\n'), isWorse }
}

const HEAD = ['', 'before', 'now', 'now ÷ before', 'half of the rounds', 'verdict']

async function oneRound({ compared, checkouts, name, scale, swapped }) {
  const pair = {}
  const order = swapped ? ['now', 'before'] : ['before', 'now']
  for (const which of order) {
    const checkout = checkouts[which]
    pair[which] = compared.withoutServer
      ? await compared.sample({ checkout }, scale)
      : await onServer(name, { ...compared.options?.(scale), checkout }, (server) =>
          compared.sample(server, scale),
        )
  }
  return pair
}

async function onServer(name, options, measure) {
  const server = await startServer(name, options)
  try {
    return await measure(server)
  } finally {
    await server.close()
  }
}

function row({ title, of, better }, pairs) {
  const before = median(pairs.map((pair) => of(pair.before)))
  const now = median(pairs.map((pair) => of(pair.now)))
  const ratios = pairs.map((pair) => of(pair.now) / of(pair.before))
  const [low, high] = quartiles(ratios)
  const verdict = verdictOf({ ratio: median(ratios), low, high, better })
  const spread = `${low.toFixed(2)} to ${high.toFixed(2)}`
  const cells = [title, digits(before), digits(now), median(ratios).toFixed(3), spread, verdict]
  return { verdict, cells }
}

/** A median is believed to be off only where half of the rounds agree on it. */
function verdictOf({ ratio, low, high, better }) {
  if (!Number.isFinite(ratio)) return 'no figure'
  if (Math.abs(ratio - 1) <= TOLERANCE) return `within ${TOLERANCE * 100} %`
  const isLarger = low > 1 + TOLERANCE
  const isSmaller = high < 1 - TOLERANCE
  if (!isLarger && !isSmaller) return 'unclear: more rounds'
  return isLarger === (better === 'more') ? 'better' : 'WORSE'
}
