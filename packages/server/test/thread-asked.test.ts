import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createAsked } from '../src/find/asked.js'

test('whoever waits for a thread that ends without an answer is told, and nobody else', async () => {
  const asked = createAsked<{ call: string }>()
  const ends = new Worker(
    `require('node:worker_threads').parentPort.once('message', () => process.exit())`,
    { eval: true },
  )
  const answers = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.once('message', ({ id }) => { parentPort.postMessage({ id, answer: 7 }) })`,
    { eval: true },
  )
  answers.on('message', ({ id, answer }) => asked.answered(id, answer))
  const lost = asked.ask(ends, { call: 'rest' })
  lost.catch(() => {})
  await once(ends, 'exit')
  const other = asked.ask(answers, { call: 'rest' })
  asked.giveUp(ends, new Error('it has ended'))
  await expect(lost).rejects.toThrow('it has ended')
  expect(await other).toBe(7)
  expect(asked.isWaiting()).toBe(false)
  await answers.terminate()
})
