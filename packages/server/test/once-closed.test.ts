import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { onceClosed } from '../src/async/once-closed.js'
import { until } from './support/processes.js'

it('an answer whose reader leaves is over once', async () => {
  let over = 0
  const server = createServer((_request, response) => {
    response.writeHead(200).write('begun')
    onceClosed(response, () => {
      over += 1
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (let n = 1; n <= 5; n += 1) {
    const reader = connect(port, '127.0.0.1')
    reader.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(reader, 'data')
    reader.destroy()
    await until('it to be over', () => over >= n)
    await nextTurn()
    expect(over).toBe(n)
  }
  server.close()
})
