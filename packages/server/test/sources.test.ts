import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { program } from '../src/launch/supervised/spawn.js'
import { FROM_SOURCES, protocolOf } from './support/program.js'

const SOURCE = new URL('../../client/src/protocol/index.ts', import.meta.url).href
const PROGRAM = new URL('./support/tell-protocol', import.meta.url)

it('a supervisor that a test starts runs the sources, the client’s too', async () => {
  expect(await protocolOf(program(PROGRAM))).toBe(SOURCE)
})

it('a program that a test forks runs the sources, the client’s too', async () => {
  expect(await protocolOf([...FROM_SOURCES, `${fileURLToPath(PROGRAM)}.ts`])).toBe(SOURCE)
})
