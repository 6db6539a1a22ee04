import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  redisCli,
  startRedis,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { line, lines, messages, node, open, seen, send } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

/** A tab that shows a node with so many lines, at their end. */
async function reading(count: number, more: Parameters<typeof tabs.fresh>[0] = {}) {
  const nodeId = await node(server)
  await send(server, nodeId, lines(count))
  const page = await tabs.fresh(more)
  await open(page, server, `nodes/${nodeId}`)
  await seen(page, `line ${count - 1}`)
  return { nodeId, page }
}

const scrollTo = (page: Page, top: number) =>
  page.getByRole('log').evaluate((list, top) => list.scrollTo(0, top), top)

describe('following', () => {
  test('new lines show by themselves, until the reader scrolls up; a button leads back', async () => {
    const { nodeId, page } = await reading(500)
    await send(server, nodeId, lines(10, 500))
    await seen(page, 'line 509')
    await page.getByRole('log').hover()
    await page.mouse.wheel(0, -400)
    await page.getByRole('button', { name: 'To the end' }).waitFor()
    const before = (await messages(page)).join()
    const top = await page.getByRole('log').evaluate((list) => list.scrollTop)
    await send(server, nodeId, lines(30, 510))
    await page.getByRole('button', { name: '30 new' }).waitFor()
    expect(await page.getByRole('log').evaluate((list) => list.scrollTop)).toBe(top)
    expect((await messages(page)).join()).toContain(before)
    await page.getByRole('button', { name: '30 new' }).click()
    await seen(page, 'line 539')
    await send(server, nodeId, lines(1, 540))
    await seen(page, 'line 540')
  })

  test('scrolling to the end follows again', async () => {
    const { nodeId, page } = await reading(300)
    await scrollTo(page, 0)
    await page.getByRole('button', { name: 'To the end' }).waitFor()
    await scrollTo(page, 1e7)
    await page.getByText('following').waitFor()
    await send(server, nodeId, lines(1, 300))
    await seen(page, 'line 300')
    expect(await page.getByRole('button', { name: 'To the end' }).count()).toBe(0)
  })

  test('pauses when something is selected', async () => {
    const { nodeId, page } = await reading(100)
    const last = await line(page, 'line 99')
    await last.locator('.message').dblclick({ position: { x: 10, y: 10 } })
    await page.getByRole('button', { name: 'To the end' }).waitFor()
    await send(server, nodeId, lines(100, 100))
    await page.getByRole('button', { name: '100 new' }).waitFor()
    expect(await page.evaluate(() => String(getSelection()).trim())).toBe('line')
  })

  test('tens of thousands of lines are a few dozen rows', async () => {
    const nodeId = await node(server)
    for (let at = 0; at < 30_000; at += 10_000) await send(server, nodeId, lines(10_000, at))
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await seen(page, 'line 29999')
    expect(await page.locator('.line').count()).toBeLessThan(500)
    await page.keyboard.press('g')
    await seen(page, 'line 0')
    expect(await page.locator('.line').count()).toBeLessThan(500)
    await page.setViewportSize({ width: 390, height: 844 })
    await page.keyboard.press('G')
    await seen(page, 'line 29999')
    expect(await page.locator('.line').count()).toBeLessThan(500)
  }, 60_000)
})

describe('searching', () => {
  test('marks what was found, goes from one to the next, and leaves out the rest on request', async () => {
    const nodeId = await node(server)
    await send(server, nodeId, lines(2000))
    await send(server, nodeId, { message: 'Folded', details: 'the needle: line 1999' })
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await seen(page, 'line 1999')
    await page.keyboard.press('/')
    await page.keyboard.type('LINE 199*')
    // 199, 1990 to 1999, and what is folded.
    await page.getByText('12 matches').waitFor()
    await page.locator('mark', { hasText: '199' }).first().waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('1 of 12').waitFor()
    await seen(page, 'line 199')
    await page.getByRole('log').focus()
    await page.keyboard.press('n')
    await page.getByText('2 of 12').waitFor()
    await seen(page, 'line 1990')
    await page.keyboard.press('N')
    await page.keyboard.press('N')
    await page.getByText('12 of 12').waitFor()
    await page.locator('.details', { hasText: 'the needle: line 1999' }).waitFor()
    await page.getByLabel('only matches').check()
    await page.getByText('12 of 2,001 lines').waitFor()
    await until('only these', async () => (await messages(page)).length === 12)
    await send(server, nodeId, [{ message: 'line 1994 again' }, { message: 'another' }])
    await page.getByText('13 of 2,003 lines').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.press('Escape')
    await page.getByText('2,003 lines', { exact: true }).waitFor()
    expect(await page.locator('mark').count()).toBe(0)
  })

  test('does not move what is looked at', async () => {
    const { page } = await reading(3000)
    await scrollTo(page, 30_000)
    await seen(page, 'line 1510')
    const top = () => page.getByRole('log').evaluate((list) => list.scrollTop)
    const before = await top()
    await page.keyboard.press('/')
    await page.keyboard.type('line 15*')
    await page.getByText('111 matches').waitFor()
    expect(await top()).toBe(before)
    await seen(page, 'line 1510')
    await page.getByLabel('only matches').check()
    await page.getByText('111 of 3,000 lines').waitFor()
    await seen(page, 'line 1515')
    await page.getByLabel('only matches').uncheck()
    await seen(page, 'line 1515')
  })

  test('takes the query language, completes it, and says below its column what is wrong', async () => {
    const nodeId = await node(server, { gpu: 'A100-80GB' })
    await send(server, nodeId, [
      { message: 'Loading bloom', level: 'warn' },
      { message: 'torch.OutOfMemoryError: CUDA', level: 'error', progress: 60 },
      { message: 'OOMKilled', level: 'error' },
    ])
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await line(page, 'OOMKilled')
    await page.keyboard.press('/')
    const search = page.getByLabel('Search in the log')
    await search.fill('gpu:A100 (oom OR "out of memory")')
    await page.getByText('2 matches').waitFor()
    expect(await page.locator('mark').allTextContents()).toEqual(['OutOfMemory', 'OOM'])
    await page.getByLabel('only matches').check()
    await page.getByText('2 of 3 lines').waitFor()
    await search.fill('oom level:warning')
    const problem = page.getByRole('alert')
    await problem.getByText("'warning' is not a level; did you mean 'warn'?").waitFor()
    expect(await problem.locator('.caret').textContent()).toBe(`${' '.repeat(10)}^`)
    // What was found before stays.
    await page.getByText('2 of 3 lines').waitFor()
    await search.fill('oom lev')
    await search.fill('oom level:>=w')
    await problem.waitFor()
    const options = page.locator('datalist option')
    await until('the completion', async () => (await options.count()) === 1)
    expect(await options.first().getAttribute('value')).toBe('oom level:>=warn')
    await search.fill('level:>=warn -oom progress:*')
    await page.getByText('1 of 3 lines').waitFor()
    expect(await problem.count()).toBe(0)
    await search.press('Escape')
    await page.getByText('3 lines', { exact: true }).waitFor()
  })

  test('by level leaves out what is below it', async () => {
    const nodeId = await node(server)
    const levels = ['debug', 'info', 'warn', 'error'] as const
    await send(
      server,
      nodeId,
      levels.map((level) => ({ level, message: `of ${level}` })),
    )
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await line(page, 'of error')
    await page.getByLabel('Level').selectOption('warn')
    await page.getByText('2 of 4 lines').waitFor()
    expect(await messages(page)).toEqual(['of warn', 'of error'])
  })
})

describe('a line', () => {
  test('has an address that leads to it', async () => {
    const { nodeId, page } = await reading(3000)
    await scrollTo(page, 20_000)
    await (await line(page, 'line 1005')).locator('.number').click()
    expect(page.url()).toContain('line=1005')
    await (await line(page, 'line 1008')).locator('.number').click({ modifiers: ['Shift'] })
    expect(page.url()).toContain('line=1005-1008')
    const other = await tabs.fresh()
    await open(other, server, `nodes/${nodeId}?line=1005-1008`)
    await seen(other, 'line 1005')
    expect(await other.locator('.line[data-chosen] .message').allTextContents()).toEqual(
      [1005, 1006, 1007, 1008].map((number) => `line ${number}`),
    )
    await other.getByRole('button', { name: /To the end|new/ }).waitFor()
  })

  test('is copied with its neighbours, and downloaded with all', async () => {
    const { page } = await reading(50, { permissions: ['clipboard-read', 'clipboard-write'] })
    await (await line(page, 'line 40')).locator('.number').click()
    await (await line(page, 'line 41')).locator('.number').click({ modifiers: ['Shift'] })
    await page.getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByText('Copied 2 lines').waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied.split('\n').map((text) => text.replace(/^\S+ /, ''))).toEqual([
      'queued line 40',
      'queued line 41',
    ])
    const arrives = page.waitForEvent('download')
    await page.getByLabel('Download the log').selectOption('ndjson')
    const text = await readFile(await (await arrives).path(), 'utf8')
    expect(text.split('\n').filter((one) => one.includes('"line '))).toHaveLength(50)
  })

  test('is text, whatever is in it', async () => {
    const nodeId = await node(server)
    const long = 'x'.repeat(60_000)
    await send(server, nodeId, [
      {
        message: '<script>document.title = "run"</script><img src=x onerror="document.title = 1">',
      },
      {
        message:
          '\u001b]8;;https://evil.example\u0007a link\u001b]8;;\u0007 and \u001b[31mred\u001b[0m',
      },
      { message: 'javascript:document.title="run" data:text/html,<b>' },
      { message: 'abc\u202edef\u2066ghi\u0007\u001b[2J' },
      { message: long, details: '<script>document.title = "run"</script>\n  indented' },
      {
        message: 'Node is ready and serving requests!',
        details: 'javascript:document.title="run"',
        phase: 'active',
      },
    ])
    const another = await node(server)
    const raw = `${'<b>'.repeat(350_000)}\nafter it\n`
    await server.post(`/admin/nodes/${another}/logs`, raw, { 'Content-Type': 'text/plain' })
    const page = await tabs.fresh()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await open(page, server, `nodes/${another}`)
    await line(page, 'after it')
    expect((await messages(page))[0]).toMatch(/^(<b>){500}/)
    expect((await messages(page))[0]?.length).toBeLessThan(3000)
    expect(await page.locator('.lines b').count()).toBe(0)
    await open(page, server, `nodes/${nodeId}`)
    await line(page, 'Node is ready and serving requests!more')
    expect(await page.locator('.lines :is(script, img, iframe, b)').count()).toBe(0)
    expect(await page.locator('.lines a:not(.number)').count()).toBe(0)
    expect(await page.locator('.endpoint a').count()).toBe(0)
    const shown = await messages(page)
    expect(shown[0]).toContain('<script>document.title')
    expect(shown[1]).toBe('a link and red')
    expect(await page.locator('.ansi-31').textContent()).toBe('red')
    expect(shown[3]).toBe('abc⟨U+202E⟩def⟨U+2066⟩ghi␇')
    expect(shown[4]?.length).toBeLessThan(3000)
    await page.locator('.line').nth(4).getByRole('button', { name: 'more' }).click()
    await until('all of it', async () => ((await messages(page))[4]?.length ?? 0) > 60_000)
    expect(await page.locator('.lines script').count()).toBe(0)
    expect(await page.title()).not.toMatch(/^(run|1)$/)
    expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([])
  })

  test('wraps or not, and its time is local, UTC or since the start', async () => {
    const nodeId = await node(server)
    await send(server, nodeId, [
      { message: 'first', timestamp: '2024-01-15T10:30:00Z' },
      { message: 'word '.repeat(200), timestamp: '2024-01-15T10:31:05.5Z' },
      { message: 'last', timestamp: '2024-01-15T10:31:06Z' },
    ])
    const page = await tabs.fresh({ timezoneId: 'Asia/Kolkata' })
    await open(page, server, `nodes/${nodeId}`)
    await line(page, 'last')
    const long = page.locator('.line').nth(1)
    const height = async () => (await long.boundingBox())?.height ?? 0
    expect(await long.locator('time').textContent()).toBe('16:01:05.500')
    expect(await height()).toBeGreaterThan(30)
    await page.keyboard.press('w')
    await until('one line', async () => (await height()) < 30)
    await page.keyboard.press('t')
    await long.getByText('10:31:05.500').waitFor()
    await page.keyboard.press('t')
    await long.getByText('+').waitFor()
    await page.reload()
    await line(page, 'last')
    expect(await height()).toBeLessThan(30)
  })
})

describe('a log that is not what it was', () => {
  test('expired: says so', async () => {
    const brief = await startServer({ env: { LAUNCHTAIL_RETENTION: '1s' } })
    const nodeId = await node(brief)
    await send(brief, nodeId, [...lines(5), { message: 'over', phase: 'failed' }])
    await until('the log to expire', async () => {
      const response = await brief.fetch(`/admin/nodes/${nodeId}/logs`)
      return response.headers.get('log-expired') === 'true'
    })
    const page = await tabs.fresh()
    await open(page, brief, `nodes/${nodeId}`)
    await page.getByText('This log is no longer kept.').waitFor()
    expect(await page.locator('.line').count()).toBe(0)
  })

  test('cut while it is read: says how much is gone, and shows what is kept', async () => {
    const redis = await startRedis()
    const other = await startServer({ env: { REDIS_URL: redis.url } })
    const nodeId = await node(other)
    await send(other, nodeId, lines(20))
    const page = await tabs.fresh()
    await open(page, other, `nodes/${nodeId}`)
    await seen(page, 'line 19')
    await redisCli(redis.port, ['LTRIM', `node_logs:${nodeId}`, '12', '-1'])
    await page.getByText('The log was replaced: 12 lines are gone.').waitFor()
    await page.locator('.foot').getByText('8 lines', { exact: true }).waitFor()
    expect(await messages(page)).toEqual(lines(8, 12).map(({ message }) => message))
  })

  test('deleted while it is read: says so', async () => {
    const { nodeId, page } = await reading(5)
    expect((await server.fetch(`/admin/nodes/${nodeId}`, { method: 'DELETE' })).status).toBe(204)
    await page.getByText('The node was deleted.').waitFor()
  })

  test('launched again after it was over: goes on', async () => {
    const { nodeId, page } = await reading(5)
    await send(server, nodeId, { message: 'broken', phase: 'failed', level: 'error' })
    await page.locator('.foot [data-state="over"]').waitFor()
    await send(server, nodeId, { message: 'begun again', phase: 'queued', progress: 0 })
    await seen(page, 'begun again')
    await page.locator('.foot').getByText('7 lines').waitFor()
    expect(await page.locator('.foot [data-state="over"]').count()).toBe(0)
  })
})

test('every key does what the help says', async () => {
  const { page } = await reading(400)
  await page.keyboard.press('g')
  await seen(page, 'line 0')
  await page.keyboard.press('j')
  await page.keyboard.press('G')
  await seen(page, 'line 399')
  await page.getByText('following').waitFor()
  await page.keyboard.press('f')
  await page.getByRole('button', { name: 'To the end' }).waitFor()
  await page.keyboard.press('f')
  await page.getByText('following').waitFor()
  await page.keyboard.press('k')
  await page.locator('.line[data-current]', { hasText: 'line 399' }).waitFor()
  await page.keyboard.press('k')
  await page.locator('.line[data-current]', { hasText: 'line 398' }).waitFor()
  await page.keyboard.press('?')
  const help = page.getByRole('dialog', { name: 'Keys' })
  await help.getByText('next match').waitFor()
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
  expect(await page.locator('.line[data-current]').textContent()).toContain('line 398')
})

test('a screen reader is told where the launch is, not every line', async () => {
  const { nodeId, page } = await reading(3)
  await page.evaluate(() => {
    const told: string[] = []
    Object.assign(globalThis, { told })
    const texts = new Map<Element, string>()
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const live = target.parentElement?.closest('[aria-live], [role="status"], [role="alert"]')
        if (!live || live.getAttribute('aria-live') === 'off') continue
        const text = live.textContent ?? ''
        if (text !== (texts.get(live) ?? '')) told.push(text)
        texts.set(live, text)
      }
    }).observe(document.body, { childList: true, characterData: true, subtree: true })
  })
  for (let at = 0; at < 400; at += 20) {
    const some = lines(20, at).map((one) => ({
      ...one,
      phase: 'installing' as const,
      progress: 65,
    }))
    await send(server, nodeId, some)
  }
  await send(server, nodeId, { message: 'all is well', phase: 'active', progress: 100 })
  await page
    .locator('[data-announcement]', { hasText: 'The launch is over: active.' })
    .waitFor({ state: 'attached' })
  const told = await page.evaluate(() => (globalThis as unknown as { told: string[] }).told)
  expect(told.at(-1)).toBe('The launch is over: active. all is well')
  expect(told.length, told.join()).toBeLessThan(10)
})

describe('a launch on several machines', () => {
  test('has a lane for each, which shows its lines alone', async () => {
    const nodeId = await node(server)
    const from = (place: string, messages: string[]) =>
      messages.map((message) => ({ message, details: `place: ${place}` }))
    await send(server, nodeId, [
      { message: 'of no rank' },
      ...from('rank=0 node=head pid=7', ['first', 'second']),
    ])
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await seen(page, 'second')
    const lanes = page.getByRole('group', { name: 'Ranks' }).getByRole('button')
    expect(await lanes.count()).toBe(0)
    await send(server, nodeId, [
      ...from('rank=1 node=worker1 pid=7', ['third']),
      { message: 'it broke', level: 'error', details: 'place: rank=1 node=worker1 pid=7' },
    ])
    await seen(page, 'it broke')
    await lanes.nth(1).waitFor()
    expect(await lanes.allInnerTexts()).toEqual([
      'rank 0\nhead\n2 lines\nsecond',
      'rank 1\nworker1\n2 lines, 1 error\nit broke',
    ])
    await lanes.nth(1).click()
    await until('the other lines to go', async () => (await messages(page)).length === 2)
    expect(await messages(page)).toEqual(['third', 'it broke'])
    await send(server, nodeId, from('rank=0 node=head pid=7', ['not shown']))
    await send(server, nodeId, from('rank=1 node=worker1 pid=7', ['shown']))
    await seen(page, 'shown')
    expect(await messages(page)).toEqual(['third', 'it broke', 'shown'])
    await lanes.nth(1).click()
    await until('all lines to be back', async () => (await messages(page)).length === 7)
  })
})
