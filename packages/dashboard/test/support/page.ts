import type { LogEntry } from '@launchtail/client'
import type { Locator, Page } from 'playwright-core'
import { type RunningServer, until } from '../../../server/test/support/processes.js'

/** Opens a place of the page, signed in. */
export async function open(page: Page, { url, token }: { url: string; token: string }, place = '') {
  await page.goto(`${url}/#token=${token}`)
  await page.locator('header').waitFor()
  if (place !== '') await page.goto(`${url}/#/${place}`)
}

/** A node that something else launches; its id. */
export async function node(server: RunningServer, about: Record<string, unknown> = {}) {
  const response = await server.post('/admin/nodes', about)
  if (!response.ok) throw new Error(await response.text())
  const { node_id } = (await response.json()) as { node_id: string }
  return node_id
}

export async function send(
  server: RunningServer,
  nodeId: string,
  entries: Partial<LogEntry> | readonly Partial<LogEntry>[],
): Promise<void> {
  const response = await server.post(`/admin/nodes/${nodeId}/logs`, entries)
  if (!response.ok) throw new Error(await response.text())
}

/** So many entries, `line 0` and on. */
export function lines(count: number, from = 0): { message: string }[] {
  return Array.from({ length: count }, (_, i) => ({ message: `line ${from + i}` }))
}

/** The messages of the lines that are drawn. */
export function messages(page: Page): Promise<string[]> {
  return page.locator('.line .message').allTextContents()
}

/** Waits until a line is drawn. */
export async function line(page: Page, message: string): Promise<Locator> {
  const found = page.locator('.line').filter({ has: page.getByText(message, { exact: true }) })
  await found.first().waitFor()
  return found.first()
}

/** What of a line the reader can see, not only what is drawn. */
export async function seen(page: Page, message: string): Promise<void> {
  const found = await line(page, message)
  await until(`${message} to be seen`, () =>
    found.evaluate((element) => {
      const box = element.closest('.lines')?.getBoundingClientRect()
      const { top, bottom } = element.getBoundingClientRect()
      return box !== undefined && top >= box.top - 1 && bottom <= box.bottom + 1
    }),
  )
}
