// The page in a real Chromium: frames per second, rows in the page and memory with a long log, while
// it is scrolled and while lines arrive; and how long twelve tabs take to show something.
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { onAllCores } from '../machine.mjs'
import { startServer } from '../servers.mjs'
import { digits, table } from '../table.mjs'

const LINES = 200_000
const RATE = 2000
const TABS = 12
/** Tabs are opened so many times, each time in a browser that has seen nothing; the median counts. */
const ROUNDS = 5
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
  try {
    // What is measured is the browser.
    return await onAllCores(async () => {
      const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        args: FLAGS,
      })
      try {
        return await measureIn(browser, server, seconds)
      } finally {
        await browser.close()
      }
    })
  } finally {
    await server.close()
  }
}

async function measureIn(browser, server, seconds) {
  const tabs = await timeTabs(browser, server)
  for (let sent = 0; sent < LINES; sent += BATCH) await send(server, 0, BATCH, sent)
  const page = await (await signedIn(browser, server)).newPage()
  const begun = performance.now()
  await page.goto(addressOf(server, 0))
  await page.getByText(`${LINES.toLocaleString('en-US')} lines`).waitFor({ timeout: 120_000 })
  const loaded = performance.now() - begun
  const still = await frames(page, seconds)
  const arriving = sendAtRate(server, seconds + 1)
  const following = await frames(page, seconds)
  await arriving
  const scrolled = await frames(page, seconds, { pixels: 700 })
  return [
    `A log of ${LINES.toLocaleString('en-US')} lines, shown whole ${digits(loaded / 1000)} s after it was opened.\n`,
    `${TABS} tabs on ${TABS} nodes all have their log ${inSeconds(tabs.logs)} after the first is opened;`,
    `${TABS} tabs of as much plain text, ${inSeconds(tabs.texts)} after.\n`,
    table([
      ['', 'frames/s', 'longest frame ms', 'rows in the page', 'memory MB'],
      row('at rest', still),
      row(`${RATE.toLocaleString('en-US')} new lines/s, followed`, following),
      row('scrolled by a screen a frame', scrolled),
    ]),
  ].join('\n')
}

function inSeconds(ms) {
  return `${digits(ms / 1000)} s`
}

function row(title, { perSecond, longest, rows, memory }) {
  return [title, digits(perSecond), digits(longest), rows, digits(memory / 1e6)]
}

/** How long twelve tabs take to show their logs, and to show as much text without any script. */
async function timeTabs(browser, server) {
  for (let node = 1; node <= TABS; node += 1) await send(server, node, 100, 0)
  const text = `<!doctype html><pre>${Array.from({ length: 100 }, (_, i) => `line ${i} `).join('\n')}`
  const plain = createServer((_, answer) => {
    answer.writeHead(200, { 'Content-Type': 'text/html' }).end(text)
  })
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve))
  const { port } = plain.address()
  try {
    const logs = []
    const texts = []
    for (let round = 0; round < ROUNDS; round += 1) {
      texts.push(await openTabs(browser, server, () => `http://127.0.0.1:${port}/`))
      logs.push(await openTabs(browser, server, (i) => addressOf(server, i + 1)))
    }
    return { logs: median(logs), texts: median(texts) }
  } finally {
    plain.closeAllConnections()
    plain.close()
  }
}

/** Milliseconds from the first tab's opening until the last has line 99 in its page, by its own word. */
async function openTabs(browser, server, address) {
  const context = await signedIn(browser, server)
  await context.addInitScript(() => {
    globalThis.shown = new Promise((resolve) => {
      const look = () => {
        if (!document.body?.textContent.includes('line 99 ')) return
        observer.disconnect()
        // A frame tells less: all tabs are windows here, and those that Chromium has not got round
        // to drawing are given one a second.
        resolve(Date.now())
      }
      const observer = new MutationObserver(look)
      observer.observe(document, { subtree: true, childList: true, characterData: true })
      addEventListener('DOMContentLoaded', look)
    })
  })
  const pages = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
  const begun = Date.now()
  const shown = await Promise.all(
    pages.map(async (page, i) => {
      await page.goto(address(i))
      return page.evaluate(() => globalThis.shown)
    }),
  )
  await context.close()
  return Math.max(...shown) - begun
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}

/** A browser that has seen nothing yet, signed in. */
async function signedIn(browser, server) {
  const context = await browser.newContext()
  const token = server.headers.replace('X-Admin-Token: ', '')
  await context.addInitScript((token) => sessionStorage.setItem('launchtail.token', token), token)
  return context
}

function addressOf(server, node) {
  return `http://127.0.0.1:${server.port}/#/nodes/n${node}`
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
