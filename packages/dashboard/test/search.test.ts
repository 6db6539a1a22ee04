import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  endAll,
  type RunningServer,
  startServer,
  until,
} from '../../server/test/support/processes.js'
import { startBrowser } from './support/browser.js'
import { line, node, open, send } from './support/page.js'

const tabs = startBrowser()
let server: RunningServer
let a: string
let b: string

beforeAll(async () => {
  server = await startServer()
  a = await node(server, { name: 'first-node' })
  b = await node(server, { name: 'second-node' })
  const at = (hour: number) => `2026-01-15T${String(hour).padStart(2, '0')}:10:00Z`
  await send(
    server,
    a,
    Array.from({ length: 150 }, (_, n) => ({
      message: `damson ${n}`,
      level: n % 10 === 0 ? ('warn' as const) : ('info' as const),
      timestamp: at(n < 75 ? 8 : 11),
    })),
  )
  await send(server, b, [
    { message: 'before', timestamp: at(12) },
    { message: 'damson broke <b>', level: 'error', timestamp: at(12) },
    { message: 'after', timestamp: at(12), details: 'the details say quince' },
  ])
})
afterAll(endAll)

describe('the search over all nodes', () => {
  test('finds entries, says how many, and goes on with more', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search')
    await page.getByLabel('Search in all logs').fill('damson')
    await page.keyboard.press('Enter')
    await page.getByText('151 entries').waitFor()
    expect(page.url()).toContain('#/search?q=damson')
    const found = await messages(page)
    expect([found.length, found[0], found[1]]).toEqual([100, 'damson broke <b>', 'damson 149'])
    expect(await page.locator('.hit mark').first().textContent()).toBe('damson')
    await page.getByRole('button', { name: 'More' }).click()
    await until('the rest', async () => (await messages(page)).length === 151)
    expect(await page.getByRole('button', { name: 'More' }).count()).toBe(0)
    expect((await messages(page)).at(-1)).toBe('damson 0')
  })

  test('keeps what is asked in the address, to be shared', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search?q=damson&level=error')
    await page.getByText('1 entry', { exact: true }).waitFor()
    expect(await page.getByLabel('Search in all logs').inputValue()).toBe('damson')
    await page.getByLabel('Level').selectOption('all levels')
    await page.getByText('151 entries').waitFor()
    expect(page.url()).not.toContain('level')
    await page.goBack()
    await page.getByRole('heading', { name: 'Nodes' }).waitFor()
    await page.getByLabel('Filter by text').fill('quince')
    await page.getByRole('link', { name: 'Search logs' }).click()
    await page.getByText('1 entry', { exact: true }).waitFor()
    expect(await page.locator('.hit .details mark').textContent()).toBe('quince')
  })

  test('says what is wrong with a query below its column, and asks nothing', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search')
    const field = page.getByLabel('Search in all logs')
    await field.waitFor()
    await page.keyboard.press('/')
    await page.locator('input:focus').waitFor()
    await page.keyboard.type('level:warning')
    await page.getByText("'warning' is not a level; did you mean 'warn'?").waitFor()
    expect(await page.locator('.caret').textContent()).toBe(`${' '.repeat(6)}^`)
    await page.keyboard.press('Enter')
    expect(page.url()).not.toContain('q=')
    await field.fill('level:')
    const options = () =>
      page
        .locator('datalist option')
        .evaluateAll((all) => all.map((one) => one.getAttribute('value')))
    await until('the levels', async () => (await options()).includes('level:error'))
    await field.fill('nothing-like-this')
    await page.keyboard.press('Enter')
    await page.getByText('No entry was found.').waitFor()
  })

  test('shows them over time, and looks at the time of a bar', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search?q=damson')
    const picture = page.getByRole('img', { name: /^Entries over time/ })
    await picture.waitFor()
    expect(await picture.getAttribute('aria-label')).toBe(
      'Entries over time: 1 error, 15 warn, 135 info, 0 debug',
    )
    await page.locator('.histogram g').first().click()
    await page.getByText('75 entries').waitFor()
    expect(page.url()).toContain('since=2026-01-15T')
    await page.getByRole('button', { name: 'search any time' }).click()
    await page.getByText('151 entries').waitFor()
  })

  test('leads to the entry in its log, and shows what is around it', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search?q=damson+broke')
    const hit = page.locator('.hit')
    await hit.getByRole('button', { name: 'context' }).click()
    await until('its neighbours', async () => (await messages(page)).length === 3)
    expect(await messages(page)).toEqual(['before', 'damson broke <b>', 'after'])
    await hit.getByRole('button', { name: 'less' }).click()
    await until('them to go', async () => (await messages(page)).length === 1)
    await hit.getByRole('link', { name: 'second-node' }).click()
    await line(page, 'damson broke <b>')
    expect(page.url()).toContain(`#/nodes/${b}?line=1`)
    await page.locator('.line[data-chosen]').getByText('damson broke').waitFor()
  })

  test('goes on live behind what it has found, and pauses', async () => {
    const c = await node(server, { name: 'third-node' })
    await send(server, c, [{ message: 'medlar 0' }, { message: 'medlar 1' }])
    const page = await tabs.fresh()
    await open(page, server, 'search?q=medlar')
    await page.getByText('2 entries').waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    expect(page.url()).toContain('live=1')
    await page.locator('.live-dot[data-state=live]').waitFor()
    await send(server, c, [{ message: 'quiet' }, { message: 'medlar 2' }])
    await until('the new one', async () => (await messages(page)).length === 3)
    expect(await messages(page)).toEqual(['medlar 2', 'medlar 1', 'medlar 0'])
    await page.getByText('2 entries, and 1 since').waitFor()
    await page.locator('.hit').first().getByRole('button', { name: 'context' }).click()
    await until('its neighbours', async () => (await messages(page)).includes('quiet'))
    await page.locator('.hit').first().getByRole('button', { name: 'less' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    await send(server, c, [{ message: 'medlar 3' }, { message: 'medlar 4' }])
    await page.getByRole('button', { name: 'Show 2 new' }).waitFor()
    expect(await messages(page)).toHaveLength(3)
    // Few of what comes during a pause are kept, and it is said that there were more.
    const many = Array.from({ length: 700 }, (_, n) => ({ message: `medlar many ${n}` }))
    await send(server, c, many)
    await until('less than came', async () => {
      const text = await page.getByRole('button', { name: /^Show/ }).textContent()
      return text && /^Show (2[5-9]|[34])\d\d? new$/.test(text)
    })
    await page.getByRole('button', { name: /^Show/ }).click()
    await until('the newest', async () => (await messages(page))[0] === 'medlar many 699')
    await page.getByText('Some that came during the pause are not shown.').waitFor()
    await page.getByRole('button', { name: 'Live' }).click()
    await page.getByText('705 entries').waitFor()
  })

  test('keeps searches with a name, and the latest, as links', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search?q=damson&level=error')
    await page.getByText('1 entry', { exact: true }).waitFor()
    await page.getByText('Searches', { exact: true }).click()
    await page.getByLabel('A name for this search').fill('broken <fruit>')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByLabel('Search in all logs').fill('damson')
    await page.keyboard.press('Enter')
    await page.getByLabel('Level').selectOption('all levels')
    await page.getByText('151 entries').waitFor()
    await page.reload()
    await page.getByText('Searches', { exact: true }).click()
    const links = (label: string) => page.getByLabel(label).getByRole('link').allTextContents()
    expect(await links('Saved searches')).toEqual(['broken <fruit>'])
    expect(await links('Recent searches')).toEqual(['damson', 'damson · error'])
    await page.getByRole('link', { name: 'broken <fruit>' }).click()
    await page.getByText('1 entry', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Forget broken <fruit>' }).click()
    expect(await links('Saved searches')).toEqual([])
  })

  test('downloads all that is found', async () => {
    const page = await tabs.fresh()
    await open(page, server, 'search?q=damson')
    await page.getByText('151 entries').waitFor()
    const saving = page.waitForEvent('download')
    await page.getByLabel('Download all that is found').selectOption('as NDJSON')
    const saved = await saving
    expect(saved.suggestedFilename()).toMatch(/^launchtail-\d{4}-\d\d-\d\d\.ndjson$/)
    const lines = (await readFile(await saved.path(), 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(151)
    expect(JSON.parse(lines[0] as string)).toMatchObject({ node_id: a, message: 'damson 0' })
  })
})

function messages(page: Page): Promise<string[]> {
  return page.locator('.hit .message').allTextContents()
}
