// Loaded into a server by `--import`: tells how long its event loop was held at most, in milliseconds of
// the main thread's own CPU time. Another process, or the collector's threads, cannot make that longer.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const EVERY = 5
let longest = 0
let before = now()

setInterval(() => {
  const after = now()
  longest = Math.max(longest, Math.min(after.cpu - before.cpu, after.wall - before.wall))
  before = after
}, EVERY).unref()

const server = createServer((_request, response) => {
  response.end(String(longest))
  longest = 0
})
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`probe at ${server.address().port};\n`)
})
server.unref()

function now() {
  return { cpu: cpuTime(), wall: performance.now() }
}

function cpuTime() {
  try {
    return (
      Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
    )
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
}
