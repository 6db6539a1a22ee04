import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'
import type { Driver, RunOptions, RunResult } from './behaviours.js'

const SCRIPT = fileURLToPath(new URL('sdk.ts', import.meta.url))
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'].concat(
  ['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // The page is of no server: each case has one of its own.
  ['--disable-web-security'],
)

/** `@launchtail/client`, bundled, in a page of a real Chromium. */
export function browserDriver(): Driver {
  let browser: Browser | undefined
  let opened: Promise<Page> | undefined
  afterAll(() => browser?.close())
  return {
    name: 'the SDK in Chromium',
    mayMiss: true,
    // To a page, a redirection that it does not follow has no status.
    tells: (outcome) => (outcome === 'refused 307' ? 'refused 0' : outcome),
    async run(...args) {
      opened ??= open()
      const page = await opened
      return page.evaluate((args) => driver.readStream(...args), args)
    },
  }

  async function open(): Promise<Page> {
    const { outputFiles } = await build({
      entryPoints: [SCRIPT],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'driver',
      conditions: ['launchtail-source'],
    })
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: FLAGS,
    })
    const page = await browser.newPage()
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
    return page
  }
}

/** The page's. */
declare const driver: {
  readStream(url: string, id: string, token: string, options: RunOptions): Promise<RunResult>
}
