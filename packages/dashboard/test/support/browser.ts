import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, onTestFinished } from 'vitest'

export interface Tabs {
  /** A tab of a browser that has seen nothing yet; closed when the test is done. */
  fresh(options?: Parameters<Browser['newContext']>[0]): Promise<Page>
  /** The same for a page that is not ours, and may have faults. */
  foreign(): Promise<Page>
  /** Tabs of one such browser. */
  together(count: number): Promise<Page[]>
}

/** One Chromium for all tests of a file. A fault in a page's own code fails the test. */
export function startBrowser(more: readonly string[] = []): Tabs {
  let browser: Promise<Browser> | undefined
  afterAll(async () => (await browser)?.close())
  return { fresh, foreign, together }

  async function fresh(options?: Parameters<Browser['newContext']>[0]): Promise<Page> {
    return watched(await (await context(options)).newPage())
  }

  async function foreign(): Promise<Page> {
    return (await context()).newPage()
  }

  async function together(count: number): Promise<Page[]> {
    const shared = await context()
    return Promise.all(Array.from({ length: count }, async () => watched(await shared.newPage())))
  }

  async function context(options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext> {
    browser ??= chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [...FLAGS, ...more],
    })
    const made = await (await browser).newContext(options)
    made.setDefaultTimeout(20_000)
    onTestFinished(() => made.close())
    return made
  }
}

/** It asks nobody on the network for anything. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

function watched(page: Page): Page {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error.stack)))
  page.on('console', (message) => {
    // What a server refuses is told there too, and is no fault of the page.
    const isRefusal = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isRefusal) faults.push(message.text())
  })
  onTestFinished(() => {
    if (faults.length > 0) throw new Error(`the page had faults: ${faults.join('\n')}`)
  })
  return page
}
