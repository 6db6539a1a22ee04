import type { NodeRecord } from '@launchtail/client'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { line, lines, node, open, seen, send } from './support/page.js'

const MEMORY = 'torch.OutOfMemoryError: CUDA out of memory.'
const ODD = 'the flux capacitor is not charged'

const tabs = startBrowser()
let server: RunningServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

/** A node whose launch fails at line 101 of so many. */
async function failed(count = 300): Promise<string> {
  const nodeId = await node(server)
  await send(server, nodeId, { message: 'begins', phase: 'model_loading' })
  await send(server, nodeId, lines(99))
  await send(server, nodeId, [
    { message: MEMORY, level: 'error' },
    { message: ODD, level: 'error' },
  ])
  for (let at = 99; at < count; at += 10_000) {
    await send(server, nodeId, lines(Math.min(10_000, count - at), at))
  }
  await send(server, nodeId, { message: 'it gave up', level: 'error', phase: 'failed' })
  return nodeId
}

async function shown(nodeId: string, more: Parameters<typeof tabs.fresh>[0] = {}): Promise<Page> {
  const page = await tabs.fresh(more)
  await open(page, server, `nodes/${nodeId}`)
  await seen(page, 'it gave up')
  return page
}

async function failureOf(nodeId: string) {
  const response = await server.fetch(`/admin/nodes/${nodeId}`)
  return ((await response.json()) as NodeRecord).failure
}

const link = (page: Page, number: number) =>
  page.getByRole('region', { name: 'Failure' }).getByRole('link', { name: `line ${number}` })

describe('the lines that show why a launch failed', () => {
  test('lead to their place in a long log, each time, and the address can be shared', async () => {
    const nodeId = await failed(20_000)
    const page = await shown(nodeId)
    await link(page, 101).click()
    await seen(page, MEMORY)
    const found = await line(page, MEMORY)
    expect(await found.getAttribute('data-chosen')).toBe('true')
    expect(await found.getAttribute('data-cause')).toBe('read')
    expect(new URL(page.url()).hash).toBe(`#/nodes/${nodeId}?line=100`)
    await page.keyboard.press('G')
    await seen(page, 'it gave up')
    await link(page, 101).click()
    await seen(page, MEMORY)

    const other = await tabs.fresh()
    await open(other, server, `nodes/${nodeId}?line=100`)
    await seen(other, MEMORY)
    // An address that is typed while the log is open leads there, too.
    await other.evaluate(() => {
      location.hash = location.hash.replace('line=100', 'line=15000')
    })
    await seen(other, 'line 14997')
  }, 60_000)

  test('are found where a search left them out', async () => {
    const page = await shown(await failed())
    await page.keyboard.press('/')
    await page.keyboard.type('line 250')
    await page.getByLabel('only matches').check()
    await page.getByText('1 of 304 lines').waitFor()
    await link(page, 101).click()
    await seen(page, MEMORY)
    expect(await page.getByLabel('only matches').isChecked()).toBe(false)
  })

  test('may be in a log that is no longer kept', async () => {
    const short = await startServer({ env: { LAUNCHTAIL_RETENTION: '1s' } })
    const nodeId = await node(short)
    await send(short, nodeId, [
      { message: MEMORY, level: 'error', phase: 'model_loading' },
      { message: 'gone', phase: 'failed' },
    ])
    await until('the log to expire', async () => {
      const answer = await short.fetch(`/admin/nodes/${nodeId}/logs`)
      return answer.headers.get('log-expired') === 'true'
    })
    const page = await tabs.fresh()
    await open(page, short, `nodes/${nodeId}`)
    await link(page, 1).click()
    await page.getByText('This log is no longer kept.').waitFor()
    expect(new URL(page.url()).hash).toContain('?line=0')
  })
})

describe('naming the cause', () => {
  test('is a button on each line, for everybody who looks, and is taken back', async () => {
    const nodeId = await failed()
    const [page, other] = [await shown(nodeId), await shown(nodeId)]
    await link(page, 101).click()
    const odd = await line(page, ODD)
    const button = odd.getByRole('button', { name: 'Line 102 was the cause' })
    expect(await button.isVisible()).toBe(false)
    await odd.hover()
    await button.click()
    for (const one of [page, other]) {
      const box = one.getByRole('region', { name: 'Failure' })
      await box.getByText('Named by hand').waitFor()
      expect(await box.locator('.evidence').textContent()).toBe(`line 102${ODD}`)
    }
    expect(await (await line(page, ODD)).getAttribute('data-cause')).toBe('named')
    expect(await (await line(page, MEMORY)).getAttribute('data-cause')).toBeNull()
    await other.getByRole('button', { name: 'Take back' }).click()
    await link(page, 101).waitFor()
    expect(await page.getByText('Named by hand').count()).toBe(0)
    expect(await failureOf(nodeId)).toMatchObject({ code: 'gpu_out_of_memory' })
  })

  test('works by keyboard alone', async () => {
    const nodeId = await failed()
    const page = await shown(nodeId)
    await page.getByRole('log').focus()
    for (const key of ['k', 'k', 'x']) await page.keyboard.press(key)
    await until('the cause', async () => (await failureOf(nodeId))?.message === 'line 299')
    await page.getByText('Line 303 is the cause now').waitFor()
    await page.keyboard.press('k')
    // Of all the lines, Tab reaches the buttons of the current one.
    const name = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    await page.keyboard.press('Tab')
    expect(await name()).toBe('Line 302 was the cause')
    await page.keyboard.press('Enter')
    await until('the cause', async () => (await failureOf(nodeId))?.message === 'line 298')
  })

  test('works by touch', async () => {
    const nodeId = await failed()
    const viewport = { width: 390, height: 844 }
    const page = await shown(nodeId, { viewport, hasTouch: true, isMobile: true })
    const last = await line(page, 'line 299')
    expect(await last.getByRole('button').isVisible()).toBe(false)
    await last.locator('.number').tap()
    await last.getByRole('button', { name: 'was the cause' }).tap()
    await until('the cause', async () => (await failureOf(nodeId))?.message === 'line 299')
    await last.getByText('cause, named by hand').waitFor()
  })

  test('is refused with the reason, and offered only where a launch has failed', async () => {
    const nodeId = await failed()
    await send(server, nodeId, { message: 'again', phase: 'queued' })
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await seen(page, 'again')
    expect(await page.locator('.name-cause').count()).toBe(0)
    await page.getByRole('log').focus()
    for (const key of ['k', 'k', 'x']) await page.keyboard.press(key)
    await page.getByText('The launch has not failed').waitFor()
    await send(server, nodeId, { message: 'no', level: 'error', phase: 'failed' })
    await page.locator('.name-cause').first().waitFor({ state: 'attached' })
    await page.keyboard.press('x')
    await page.getByText('belongs to an earlier launch').waitFor()
    expect((await failureOf(nodeId))?.corrected).toBeUndefined()
  })

  test('is asked for where nothing in the log tells why', async () => {
    const nodeId = await node(server)
    await send(server, nodeId, [
      { message: 'hello', phase: 'installing' },
      { message: 'bye', phase: 'failed' },
    ])
    const page = await tabs.fresh()
    await open(page, server, `nodes/${nodeId}`)
    await page.getByText('Do you see the cause in the log?').waitFor()
    await line(page, 'bye')
    expect(await page.getByText('Named by hand').count()).toBe(0)
  })
})

test('a line shows the place of its writer, and what else was read out of it on request', async () => {
  const nodeId = await node(server)
  const text = '(EngineCore_DP0 pid=7) INFO 01-02 03:04:05 [core.py:9] Loading\n'
  await server.post(`/admin/nodes/${nodeId}/logs`, text, { 'Content-Type': 'text/plain' })
  const page = await tabs.fresh()
  await open(page, server, `nodes/${nodeId}`)
  await line(page, 'Loading')
  const loading = page.locator('.line').first()
  expect(await loading.locator('.place').textContent()).toBe('replica=0 pid=7')
  expect(await loading.getByRole('button').count()).toBe(0)
  await loading.hover()
  await loading.getByRole('button', { name: 'more' }).click()
  expect(await loading.locator('.details').textContent()).toContain('logger: core.py:9')
})
