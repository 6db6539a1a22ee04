// The page in a real Chromium: frames per second, rows in the page and memory with a long log, while
// it is scrolled and while lines arrive; and how long twelve tabs take to show something.
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { startServer } from '../servers.mjs'
import { digits, table } from '../table.mjs'

const LINES = 200_000
const RATE = 2000
const TABS = 12
/** Entries in a request. */
const BATCH = 5000
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat(
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Else memory is told in steps of which one is as much as all of this.
  '--enable-precise-memory-info',
)

export async function measure({ seconds }) {
  const server = await startServer('embedded', { nodes: TABS + 1 })
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  })
  try {
    return await measureIn(browser, server, seconds)
  } finally {
    await browser.close()
    await server.close()
  }
}

async function measureIn(browser, server, seconds) {
  const tabs = await timeTabs(browser, server)
  for (let sent = 0; sent < LINES; sent += BATCH) await send(server, 0, BATCH, sent)
  const page = await (await signedIn(browser, server)).newPage()
  const begun = performance.now()
  await open(page, server, 0)
  await page.getByText(`${LINES.toLocaleString('en-US')} lines`).waitFor({ timeout: 120_000 })
  const loaded = performance.now() - begun
  const still = await frames(page, seconds)
  const arriving = sendAtRate(server, seconds + 1)
  const following = await frames(page, seconds)
  await arriving
  const scrolled = await frames(page, seconds, { pixels: 700 })
  return [
    `A log of ${LINES.toLocaleString('en-US')} lines, shown whole ${digits(loaded / 1000)} s after it was`,
    `opened; ${TABS} tabs on ${TABS} nodes all show their log ${digits(tabs / 1000)} s after the first is opened.\n`,
    table([
      ['', 'frames/s', 'longest frame ms', 'rows in the page', 'memory MB'],
      row('at rest', still),
      row(`${RATE.toLocaleString('en-US')} new lines/s, followed`, following),
      row('scrolled by a screen a frame', scrolled),
    ]),
  ].join('\n')
}

function row(title, { perSecond, longest, rows, memory }) {
  return [title, digits(perSecond), digits(longest), rows, digits(memory / 1e6)]
}

async function timeTabs(browser, server) {
  for (let node = 1; node <= TABS; node += 1) await send(server, node, 100, 0)
  const context = await signedIn(browser, server)
  const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
  const begun = performance.now()
  await Promise.all(
    pages.map(async (page, i) => {
      await open(page, server, i + 1)
      await page.getByText('line 99 ').waitFor()
    }),
  )
  const took = performance.now() - begun
  await context.close()
  return took
}

/** A browser that has seen nothing yet, signed in. */
async function signedIn(browser, server) {
  const context = await browser.newContext()
  const token = server.headers.replace('X-Admin-Token: ', '')
  await context.addInitScript((token) => sessionStorage.setItem('launchtail.token', token), token)
  return context
}

function open(page, server, node) {
  return page.goto(`http://127.0.0.1:${server.port}/#/nodes/n${node}`)
}

async function send(server, node, count, from) {
  const entries = Array.from({ length: count }, (_, i) => ({
    message: `line ${from + i} ${'of the kind that a launch prints '.repeat((from + i) % 4)}`,
  }))
  const [name, value] = server.headers.split(': ')
  const response = await fetch(`http://127.0.0.1:${server.port}/admin/nodes/n${node}/logs`, {
    method: 'POST',
    headers: { [name]: value, 'Content-Type': 'application/json' },
    body: JSON.stringify(entries),
  })
  if (response.status !== 202) throw new Error(`lines were answered with ${response.status}`)
  await response.arrayBuffer()
}

async function sendAtRate(server, seconds) {
  const begun = performance.now()
  for (let sent = 0; sent < RATE * seconds; sent += RATE / 20) {
    await sleep(Math.max(0, begun + (sent / RATE) * 1000 - performance.now()))
    await send(server, 0, RATE / 20, LINES + sent)
  }
}

/** Counts frames; at each the list is scrolled by so many pixels, to the end and back. */
function frames(page, seconds, { pixels = 0 } = {}) {
  return page.evaluate(
    async ([seconds, pixels]) => {
      const list = document.querySelector('.lines')
      const times = []
      let rows = 0
      await new Promise((resolve) => {
        const begun = performance.now()
        requestAnimationFrame(function next(now) {
          times.push(now)
          const span = list.scrollHeight - list.clientHeight
          if (pixels > 0) list.scrollTop = Math.abs(((times.length * pixels) % (2 * span)) - span)
          rows = Math.max(rows, document.querySelectorAll('.line').length)
          if (now - begun < seconds * 1000) requestAnimationFrame(next)
          else resolve()
        })
      })
      const gaps = times.slice(1).map((time, i) => time - times[i])
      return {
        perSecond: (1000 * gaps.length) / (times.at(-1) - times[0]),
        longest: Math.max(...gaps),
        rows,
        memory: performance.memory.usedJSHeapSize,
      }
    },
    [seconds, pixels],
  )
}
