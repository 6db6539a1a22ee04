import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { node, open, send } from './support/page.js'

describe('on the page', () => {
  const tabs = startBrowser()
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer()
  })
  afterAll(endAll)

  test('a node that was launched twice leads to both launches side by side', async () => {
    const id = await node(server, { node_id: 'twice' })
    const at = (minute: number) => `2026-03-01T10:${String(minute).padStart(2, '0')}:00Z`
    await send(server, id, [
      { phase: 'queued', message: 'asked', timestamp: at(0) },
      { phase: 'provisioning', message: 'looking for room', timestamp: at(1) },
      { phase: 'active', message: 'up', timestamp: at(3) },
    ])
    await send(server, id, [
      { phase: 'queued', message: 'asked', timestamp: at(10) },
      { phase: 'provisioning', message: 'looking for room', timestamp: at(11) },
      { phase: 'provisioning', message: 'no room anywhere', timestamp: at(12), level: 'error' },
      { phase: 'failed', message: 'given up', timestamp: at(16), level: 'error' },
    ])
    const page = await tabs.fresh()
    await open(page, server, 'nodes/twice')
    await page.getByRole('link', { name: 'compare its 2 launches' }).click()
    await page.getByRole('row', { name: 'provisioning 2m 5m +3m' }).waitFor()
    await page
      .getByText('Launch 2 was 3m slower than launch 1: provisioning took 3m longer.')
      .waitFor()
    const lines = page.locator('.side .line-of-log')
    await lines.first().waitFor()
    const only = await lines.allTextContents()
    expect(only.map((text) => text.replace(/^\S+ /, ''))).toEqual([
      ...['no room anywhere', 'up', 'given up'],
    ])
    await page.getByLabel('show all lines').check()
    expect(await lines.count()).toBe(7)
    await page.getByLabel('beside').selectOption('1')
    await page.getByRole('columnheader', { name: 'launch 1' }).first().waitFor()
    expect(page.url()).toContain('right=1')
  })

  test('a node that was launched once says so, and links nowhere', async () => {
    const id = await node(server, { node_id: 'once' })
    await send(server, id, { message: 'asked', phase: 'queued' })
    const page = await tabs.fresh()
    await open(page, server, 'nodes/once/launches')
    await page.getByText('This node has been launched once.').waitFor()
    await page.getByRole('link', { name: 'The node' }).click()
    await page.getByText('asked').first().waitFor()
    expect(await page.getByText('compare its').count()).toBe(0)
  })

  test('launches of two nodes stand side by side', async () => {
    for (const [id, minutes] of [
      ['slow', 9],
      ['fast', 2],
    ] as const) {
      await node(server, { node_id: id, gpu: id === 'slow' ? 'L4' : 'H100' })
      await send(server, id, [
        { phase: 'queued', message: 'asked', timestamp: '2026-03-01T10:00:00Z' },
        { phase: 'installing', message: `${id} disk`, timestamp: '2026-03-01T10:01:00Z' },
        { phase: 'active', message: 'up', timestamp: `2026-03-01T10:0${minutes}:00Z` },
      ])
    }
    const page = await tabs.fresh()
    await open(page, server, 'nodes/slow/launches?left=fast')
    await page.getByText('slow@1 was 7m slower than fast@1: installing took 7m longer.').waitFor()
    await page.getByRole('row', { name: 'gpu H100 L4' }).waitFor()
    const lines = page.locator('.side .line-of-log')
    await lines.first().waitFor()
    expect((await lines.allTextContents()).map((text) => text.slice(-9))).toEqual([
      ...['fast disk', 'slow disk'],
    ])
    await page.getByLabel('node on the left').fill('nobody')
    await page.getByLabel('node on the left').press('Enter')
    await page.getByText('node not found').waitFor()
  })
})
