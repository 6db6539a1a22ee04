import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createAsked } from '../src/find/archive/asked.js'

test('whoever waits for a thread that ends without an answer is told, and nobody else', async () => {
  const asked = createAsked()
  const ends = new Worker(
    `require('node:worker_threads').parentPort.once('message', () => process.exit())`,
    { eval: true },
  )
  const answers = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.once('message', ({ id }) => { parentPort.postMessage({ id, answer: 7 }) })`,
    { eval: true },
  )
  answers.on('message', asked.answered)
  const lost = asked.ask(ends, 'rest', [])
  lost.catch(() => {})
  await once(ends, 'exit')
  const other = asked.ask(answers, 'rest', [])
  asked.giveUp(ends, new Error('it has ended'))
  await expect(lost).rejects.toThrow('it has ended')
  expect(await other).toBe(7)
  expect(asked.isWaiting()).toBe(false)
  await answers.terminate()
})
