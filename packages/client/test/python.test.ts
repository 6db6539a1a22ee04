import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { operations } from '@launchtail/client/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { endAll, type RunningServer, startServer } from '../../server/test/support/processes.js'

const folder = fileURLToPath(new URL('../../../clients/python', import.meta.url))
let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(endAll)

it('the Python client passes its own tests on a real server', async () => {
  const names = Object.keys(operations).map((name) =>
    // SkyPilot is one word, whatever its capitals.
    name
      .replace('SkyPilot', 'Skypilot')
      .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  )
  const tests = spawn(process.env.PYTHON ?? 'python3', ['-B', '-W', 'error', '-m', 'unittest'], {
    cwd: folder,
    env: {
      ...process.env,
      LAUNCHTAIL_URL: server.url,
      LAUNCHTAIL_ADMIN_TOKEN: server.token,
      OPERATIONS: names.join(),
    },
  })
  let said = ''
  tests.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(tests, 'close')
  expect(code, said).toBe(0)
  expect(Number(/Ran (\d+) tests/.exec(said)?.[1])).toBeGreaterThanOrEqual(17)
}, 120_000)
