import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { wordsOf } from '../src/launch/skypilot/words.js'
import { startCommand } from './support/command.js'
import { endAll, startServer } from './support/processes.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

afterAll(endAll)

test('every command of docs/launching.md does what the page says', async () => {
  const page = await readFile(`${ROOT}docs/launching.md`, 'utf8')
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  const commands = blocks.flatMap((text) =>
    [...text.replaceAll('\\\n', '').matchAll(/^npx launchtail (.*?)(?: +#.*)?$/gm)].map(
      ([, words = '']) => wordsOf(words),
    ),
  )
  expect(commands.length).toBeGreaterThan(0)
  const server = await startServer()
  for (const words of commands) {
    const { code, stderr } = await startCommand(server.url, words, { cwd: ROOT }).ended
    expect([words, code, stderr]).toEqual([words, 0, ''])
  }
}, 300_000)
