// Takes pictures of every page, in light and dark and at phone width, with the demonstration running:
//
//   npm run build
//   node scripts/screenshots.mjs            the README's pictures, into docs/
//   node scripts/screenshots.mjs <folder>   all of them
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

/** When the demonstration has launches in all states, in ms after its start. */
const LIVELY = 25_000
const TOKEN = 'a-token-for-the-pictures'
const PAGES = [
  { name: 'nodes', place: '' },
  { name: 'nodes-failed', place: '?phase=failed' },
  { name: 'node', place: 'nodes/demo-example' },
  { name: 'node-failed', place: 'nodes/demo-aws-a10g-out-of-memory' },
  { name: 'node-search', place: 'nodes/demo-gcp-a100-zone-failover', act: search },
  {
    name: 'node-keys',
    place: 'nodes/demo-aws-a10g-spot-succeeds',
    act: (page) => page.keyboard.press('?'),
  },
  { name: 'launch', place: 'launch' },
  { name: 'launch-task', place: 'launch', act: task },
  { name: 'launches', place: 'launches' },
  { name: 'search', place: 'search?q=error+OR+memory' },
  { name: 'search-context', place: 'search?q=level:>=warn', act: context },
  {
    name: 'node-stalled',
    place: 'nodes/demo-aws-l40s-stalls',
    act: (page) => page.getByText('Stalled while').waitFor({ timeout: 120_000 }),
  },
  { name: 'node-again', place: 'nodes/ended', act: again },
  { name: 'launch-again', place: 'nodes/ended-secret', act: again },
]
/** Launches of this machine that fail at once. */
const ENDED = {
  provider: 'local',
  task: 'name: ended\nsecrets:\n  LICENCE: some-licence\nrun: |\n  echo "no such model"\n  exit 3\n',
  envs: { MODEL: 'Qwen/Qwen2.5-7B-Instruct' },
}
const SCREENS = [
  { name: 'light', viewport: { width: 1280, height: 760 }, colorScheme: 'light' },
  { name: 'dark', viewport: { width: 1280, height: 760 }, colorScheme: 'dark' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
]

const folder = process.argv[2]
const target = folder ?? fileURLToPath(new URL('../docs', import.meta.url))
mkdirSync(target, { recursive: true })
const data = mkdtempSync(join(tmpdir(), 'launchtail-pictures-'))
const server = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('../packages/server/dist/launchtail.js', import.meta.url)),
    'serve',
    '--demo',
  ],
  {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      LAUNCHTAIL_ADMIN_TOKEN: TOKEN,
      LAUNCHTAIL_DATA_DIR: data,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
try {
  const url = await listening()
  await sleep(LIVELY)
  await take(url)
} finally {
  if (server.exitCode === null) {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
  rmSync(data, { recursive: true, force: true })
}

function listening() {
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
      const url = /listens on (\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    })
    server.once('exit', () => reject(new Error(`the server did not start: ${output}`)))
  })
}

async function context(page) {
  await page.getByRole('button', { name: 'context' }).nth(1).click()
  await page.locator('.neighbour').first().waitFor()
  await page.getByLabel('Search in all logs').fill('level:warning')
}

async function take(url) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  })
  try {
    for (const { name, ...screen } of SCREENS) {
      const page = await (await browser.newContext(screen)).newPage()
      if (folder) {
        await page.goto(url)
        await page.screenshot({ path: join(target, `sign-in-${name}.png`) })
      }
      await page.goto(`${url}/#token=${TOKEN}`)
      for (const { name: shown, place, act } of folder ? PAGES : PAGES.slice(0, 1)) {
        if (!folder && name === 'phone') continue
        await page.goto(`${url}/#/${place}`)
        await sleep(700)
        await act?.(page)
        await sleep(300)
        await page.screenshot({ path: join(target, `${shown}-${name}.png`) })
        if (shown === 'node-keys') await page.keyboard.press('Escape')
      }
    }
  } finally {
    await browser.close()
  }
}

async function again(page) {
  const [, id] = /nodes\/(.+)$/.exec(page.url())
  const task = id === 'ended' ? ENDED.task.replace(/secrets:\n.*\n/, '') : ENDED.task
  await page.evaluate(
    ([token, body]) =>
      fetch('admin/nodes/launch', {
        method: 'POST',
        headers: { 'X-Admin-Token': token, 'Content-Type': 'application/json' },
        body,
      }),
    [TOKEN, JSON.stringify({ ...ENDED, node_id: id, task })],
  )
  await page.reload()
  await page.getByRole('button', { name: 'Launch again' }).click({ timeout: 60_000 })
  await sleep(500)
}

async function search(page) {
  await page.getByLabel('Search in the log').fill('zone')
  await page.keyboard.press('Enter')
}

async function task(page) {
  await page.getByLabel('A SkyPilot task').check()
  await page.getByLabel('Provider').fill('local')
  await page.getByLabel('Task, as YAML').fill('name: x\nenvs:\n  A: [1]\nrun: |\n  echo hello\n')
  await page.getByRole('button', { name: 'Launch', exact: true }).click()
}
